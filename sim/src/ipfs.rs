//! A simulated IPFS: a store of files by CID behind a gateway that can be told to misbehave.
//!
//! A gateway is not trusted: whoever fetches checks the bytes. What the gateway does wrong is data ([`GatewayFault`]),
//! tried in order; the first one that applies decides.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::cid;
use lit_node::id::NodeId;
use lit_node::io::IpfsError;

/// What the gateway does instead of serving the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayReply {
    /// Serves these bytes, whatever their CID.
    Bytes(Vec<u8>),
    /// Says that there is no such object.
    NotFound,
    /// Does not answer; the caller learns it after the latency.
    Unreachable,
}

/// One misbehaviour of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayFault {
    /// The CIDs that it is about; `None` for all.
    pub cids: Option<BTreeSet<String>>,
    /// The nodes that it is shown to; `None` for all.
    pub callers: Option<BTreeSet<NodeId>>,
    /// From when, virtual milliseconds.
    pub from_ms: u64,
    /// Until when (exclusive), virtual milliseconds.
    pub until_ms: u64,
    /// What happens.
    pub reply: GatewayReply,
}

impl GatewayFault {
    /// A fault that is always there, for everybody, about one CID.
    pub fn always(cid: impl Into<String>, reply: GatewayReply) -> Self {
        Self { cids: Some([cid.into()].into()), callers: None, from_ms: 0, until_ms: u64::MAX, reply }
    }

    fn applies(&self, cid: &str, caller: NodeId, time_ms: u64) -> bool {
        self.cids.as_ref().is_none_or(|cids| cids.contains(cid))
            && self.callers.as_ref().is_none_or(|callers| callers.contains(&caller))
            && (self.from_ms..self.until_ms).contains(&time_ms)
    }
}

/// Files by CID, and the gateway to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipfs {
    files: BTreeMap<String, Vec<u8>>,
    /// How long the gateway takes to answer, milliseconds.
    pub latency_ms: u64,
    /// What the gateway does wrong; the first that applies decides.
    pub faults: Vec<GatewayFault>,
}

impl Ipfs {
    /// Adds a file as `ipfs add` does, and returns its CIDv0.
    pub fn add(&mut self, bytes: impl Into<Vec<u8>>) -> String {
        let bytes = bytes.into();
        let cid = cid::cid_v0(&bytes).to_string();
        self.files.insert(cid.clone(), bytes);
        cid
    }

    /// The true bytes of a CID, by CIDv0 or the equivalent CIDv1.
    pub fn get(&self, cid: &str) -> Option<&[u8]> {
        self.files.get(cid).or_else(|| self.files.get(&version_0(cid)?)).map(Vec::as_slice)
    }

    /// What the gateway serves to `caller` at `time_ms`, and after how many milliseconds.
    pub fn fetch(&self, cid: &str, caller: NodeId, time_ms: u64) -> (u64, Result<Vec<u8>, IpfsError>) {
        let not_found = || IpfsError::NotFound(cid.to_string());
        let reply = match self.faults.iter().find(|fault| fault.applies(cid, caller, time_ms)).map(|f| &f.reply) {
            Some(GatewayReply::Bytes(bytes)) => Ok(bytes.clone()),
            Some(GatewayReply::NotFound) => Err(not_found()),
            Some(GatewayReply::Unreachable) => Err(IpfsError::Unreachable),
            None => self.get(cid).map(<[u8]>::to_vec).ok_or_else(not_found),
        };
        (self.latency_ms, reply)
    }
}

/// The CIDv0 with the same multihash.
fn version_0(text: &str) -> Option<String> {
    let cid = cid::parse(text).ok()?;
    cid::from_permission_bytes(&cid::permission_bytes(&cid)).map(|cid| cid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const N1: NodeId = NodeId(1);
    const N2: NodeId = NodeId(2);

    #[test]
    fn an_added_file_is_served_under_the_cid_that_ipfs_would_print() {
        let mut ipfs = Ipfs { latency_ms: 40, ..Ipfs::default() };
        let cid = ipfs.add("hello world\n");
        assert_eq!(cid, "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o");
        assert_eq!(ipfs.fetch(&cid, N1, 0), (40, Ok(b"hello world\n".to_vec())));
        let v1 = cid::parse(&cid).expect("a CID").into_v1().expect("v0 to v1").to_string();
        assert_eq!(ipfs.get(&v1), ipfs.get(&cid));
        assert_eq!(ipfs.fetch("Qm", N1, 0).1, Err(IpfsError::NotFound("Qm".into())));
    }

    #[test]
    fn wrong_bytes_are_served_as_told_and_fail_the_readers_check() {
        let mut ipfs = Ipfs::default();
        let cid = ipfs.add("good");
        ipfs.faults.push(GatewayFault::always(cid.clone(), GatewayReply::Bytes(b"evil".to_vec())));
        let bytes = ipfs.fetch(&cid, N1, 0).1.expect("served");
        assert_eq!(bytes, b"evil");
        assert!(cid::matches(&bytes, &cid).is_err());
        assert_eq!(ipfs.get(&cid), Some(&b"good"[..]));
    }

    #[test]
    fn a_fault_applies_to_its_cids_callers_and_times_only() {
        let mut ipfs = Ipfs::default();
        let (cid, other) = (ipfs.add("a"), ipfs.add("b"));
        ipfs.faults.push(GatewayFault {
            cids: Some([cid.clone()].into()),
            callers: Some([N2].into()),
            from_ms: 10,
            until_ms: 20,
            reply: GatewayReply::Unreachable,
        });
        assert_eq!(ipfs.fetch(&cid, N2, 10).1, Err(IpfsError::Unreachable));
        assert!(ipfs.fetch(&cid, N2, 9).1.is_ok());
        assert!(ipfs.fetch(&cid, N2, 20).1.is_ok());
        assert!(ipfs.fetch(&cid, N1, 10).1.is_ok());
        assert!(ipfs.fetch(&other, N2, 10).1.is_ok());
        ipfs.faults.insert(0, GatewayFault::always(cid.clone(), GatewayReply::NotFound));
        assert_eq!(ipfs.fetch(&cid, N2, 10).1, Err(IpfsError::NotFound(cid)), "the first fault decides");
    }
}
