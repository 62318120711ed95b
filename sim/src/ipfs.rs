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
    /// Serves the file with the lowest bit of its last byte flipped.
    Flipped,
    /// Serves the first half of the file.
    Halved,
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
    /// What happens.
    pub reply: GatewayReply,
}

impl GatewayFault {
    fn applies(&self, cid: &str, caller: NodeId) -> bool {
        self.cids.as_ref().is_none_or(|cids| cids.contains(cid))
            && self.callers.as_ref().is_none_or(|callers| callers.contains(&caller))
    }
}

/// Files by CID, and the gateway to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipfs {
    files: BTreeMap<String, Vec<u8>>,
    /// How long the gateway takes to answer, milliseconds.
    pub latency_ms: u64,
    /// What the gateway does wrong at present, by the position of the fault; the first that applies decides.
    pub faults: BTreeMap<usize, GatewayFault>,
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

    /// The fault that decides what `caller` is served, if one does.
    pub fn fault(&self, cid: &str, caller: NodeId) -> Option<usize> {
        self.faults.iter().find(|(_, fault)| fault.applies(cid, caller)).map(|(position, _)| *position)
    }

    /// What the gateway serves to `caller`, and after how many milliseconds.
    pub fn fetch(&self, cid: &str, caller: NodeId) -> (u64, Result<Vec<u8>, IpfsError>) {
        let file = self.get(cid).map(<[u8]>::to_vec).ok_or_else(|| IpfsError::NotFound(cid.to_string()));
        let fault = self.fault(cid, caller).and_then(|position| self.faults.get(&position));
        (self.latency_ms, fault.map_or_else(|| file.clone(), |fault| fault.reply.spoil(cid, file.clone())))
    }
}

impl GatewayReply {
    fn spoil(&self, cid: &str, file: Result<Vec<u8>, IpfsError>) -> Result<Vec<u8>, IpfsError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::NotFound => Err(IpfsError::NotFound(cid.to_string())),
            Self::Unreachable => Err(IpfsError::Unreachable),
            Self::Flipped => file.map(|mut bytes| {
                bytes.iter_mut().next_back().into_iter().for_each(|byte| *byte ^= 1);
                bytes
            }),
            Self::Halved => file.map(|mut bytes| {
                bytes.truncate(bytes.len() / 2);
                bytes
            }),
        }
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
        assert_eq!(ipfs.fetch(&cid, N1), (40, Ok(b"hello world\n".to_vec())));
        let v1 = cid::parse(&cid).expect("a CID").into_v1().expect("v0 to v1").to_string();
        assert_eq!(ipfs.get(&v1), ipfs.get(&cid));
        assert_eq!(ipfs.fetch("Qm", N1).1, Err(IpfsError::NotFound("Qm".into())));
    }

    /// A misbehaviour towards everybody, about one CID.
    fn about(cid: &str, reply: GatewayReply) -> GatewayFault {
        GatewayFault { cids: Some([cid.to_owned()].into()), callers: None, reply }
    }

    #[test]
    fn wrong_bytes_are_served_as_told_and_fail_the_readers_check() {
        let mut ipfs = Ipfs::default();
        let cid = ipfs.add("good");
        for (reply, served) in [
            (GatewayReply::Bytes(b"evil".to_vec()), b"evil".to_vec()),
            (GatewayReply::Flipped, b"gooe".to_vec()),
            (GatewayReply::Halved, b"go".to_vec()),
        ] {
            ipfs.faults.insert(0, about(&cid, reply));
            let bytes = ipfs.fetch(&cid, N1).1.expect("served");
            assert_eq!(bytes, served);
            assert!(cid::matches(&bytes, &cid).is_err());
            assert_eq!(ipfs.get(&cid), Some(&b"good"[..]));
        }
    }

    #[test]
    fn a_fault_applies_to_its_cids_and_callers_while_it_is_there() {
        let mut ipfs = Ipfs::default();
        let (cid, other) = (ipfs.add("a"), ipfs.add("b"));
        let reply = GatewayReply::Unreachable;
        ipfs.faults.insert(4, GatewayFault { callers: Some([N2].into()), ..about(&cid, reply) });
        assert_eq!((ipfs.fault(&cid, N2), ipfs.fault(&cid, N1)), (Some(4), None));
        assert_eq!(ipfs.fetch(&cid, N2).1, Err(IpfsError::Unreachable));
        assert!(ipfs.fetch(&cid, N1).1.is_ok());
        assert!(ipfs.fetch(&other, N2).1.is_ok());
        ipfs.faults.insert(3, about(&cid, GatewayReply::NotFound));
        assert_eq!(ipfs.fetch(&cid, N2).1, Err(IpfsError::NotFound(cid.clone())), "the first fault decides");
        ipfs.faults.clear();
        assert!(ipfs.fetch(&cid, N2).1.is_ok());
    }
}
