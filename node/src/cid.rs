//! Content identifiers as `ipfs add` computes them: an action's code is named, fetched and permitted by its CID.
//!
//! The file becomes a balanced UnixFS tree: leaves of [`CHUNK_BYTES`], at most [`LINKS_MAX`] links a node, each block
//! a dag-pb node named by its SHA-256 multihash. The *identity* of an action is always the CIDv0 of its bytes, whatever
//! form of CID it was fetched by. Sources: the UnixFS, dag-pb and CID specifications (specs.ipfs.tech, ipld.io).

use multihash::Multihash;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

pub use ::cid::Cid;
use ::cid::Version;

/// The size of a leaf, bytes (`ipfs add --chunker=size-262144`, the default).
pub const CHUNK_BYTES: usize = 262_144;
/// The most links in one node of the tree.
pub const LINKS_MAX: usize = 174;
/// The longest CID text that is looked at, bytes; every CID accepted here is shorter.
pub const TEXT_BYTES_MAX: usize = 128;

/// Multicodec `raw`.
const RAW: u64 = 0x55;
/// Multicodec `dag-pb`.
const DAG_PB: u64 = 0x70;
/// Multihash code of SHA2-256.
const SHA2_256: u64 = 0x12;

/// Why bytes are not those of a CID.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CidError {
    /// The text is no CID, or not in the form that `ipfs add` prints.
    #[error("{text:?} is no CID")]
    NotACid {
        /// The text, cut to [`TEXT_BYTES_MAX`].
        text: String,
    },
    /// The CID names something that is no file of `ipfs add`: another codec or another hash function.
    #[error(
        "CID {cid} uses codec 0x{codec:x} and hash 0x{hash:x}: expected dag-pb (0x70) or raw (0x55) with SHA2-256 (0x12)"
    )]
    Unsupported {
        /// The CID.
        cid: Box<Cid>,
        /// Its multicodec.
        codec: u64,
        /// Its multihash code.
        hash: u64,
    },
    /// The bytes have another CID.
    #[error("expected CID {expected}, but the bytes have CID {computed}")]
    Mismatch {
        /// The CID that was asked for.
        expected: Box<Cid>,
        /// The CID of the bytes, in the same form.
        computed: Box<Cid>,
    },
}

/// How the leaves of a tree are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    /// Wrapped in UnixFS (`ipfs add`, CIDv0).
    Wrapped,
    /// As they are (`ipfs add --cid-version=1`).
    Raw,
}

/// A block of the tree, as its parent links to it.
struct Block {
    /// What the link holds.
    cid: Cid,
    /// Bytes of this block and of all blocks below it.
    tree_bytes: u64,
    /// Bytes of the file below it.
    file_bytes: u64,
}

/// The CIDv0 of a file's bytes.
pub fn cid_v0(bytes: &[u8]) -> Cid {
    root(bytes, Leaves::Wrapped)
}

/// The CIDv1 of a file's bytes as `ipfs add --cid-version=1` prints it (raw leaves).
pub fn cid_v1(bytes: &[u8]) -> Cid {
    root(bytes, Leaves::Raw)
}

/// Parses a CID in the one spelling that `ipfs` prints: base58 for version 0, lower-case base32 for version 1.
///
/// # Errors
/// [`CidError::NotACid`] for any other text.
pub fn parse(text: &str) -> Result<Cid, CidError> {
    let refused = || CidError::NotACid { text: text.chars().take(TEXT_BYTES_MAX).collect() };
    if text.len() > TEXT_BYTES_MAX {
        return Err(refused());
    }
    let cid = Cid::try_from(text).map_err(|_| refused())?;
    if cid.to_string() == text { Ok(cid) } else { Err(refused()) }
}

/// Checks that a file's bytes are what `text` names: a CIDv0, or a CIDv1 (dag-pb or raw) of the same layout.
///
/// # Errors
/// If the text is no CID or names no file, or the bytes have another CID; the error names both.
pub fn matches(bytes: &[u8], text: &str) -> Result<(), CidError> {
    let expected = parse(text)?;
    let (codec, hash) = (expected.codec(), expected.hash().code());
    if hash != SHA2_256 || !(codec == DAG_PB || codec == RAW) {
        return Err(CidError::Unsupported { cid: expected.into(), codec, hash });
    }
    let wrapped = cid_v0(bytes);
    if expected.hash() == wrapped.hash() && codec == DAG_PB {
        return Ok(());
    }
    let computed = if expected.version() == Version::V0 { wrapped } else { cid_v1(bytes) };
    if computed == expected {
        Ok(())
    } else {
        Err(CidError::Mismatch { expected: expected.into(), computed: computed.into() })
    }
}

/// The raw multihash bytes of a CID, 34 for SHA2-256: what PKPPermissions stores as `bytes ipfsCID` (the base58-decoded
/// CIDv0).
pub fn permission_bytes(cid: &Cid) -> Vec<u8> {
    cid.hash().to_bytes()
}

/// The CIDv0 that `bytes ipfsCID` stands for; `None` if they are no SHA2-256 multihash.
pub fn from_permission_bytes(bytes: &[u8]) -> Option<Cid> {
    Cid::new_v0(Multihash::from_bytes(bytes).ok()?).ok()
}

/// The CIDv0 with this SHA-256.
pub fn of_digest(digest: &[u8; 32]) -> Cid {
    let hash = Multihash::wrap(SHA2_256, digest).expect("32 bytes fit a multihash");
    Cid::new_v0(hash).expect("a SHA2-256 multihash makes a CIDv0")
}

/// The SHA-256 that a CIDv0 names its block by; `None` for another form of CID.
pub fn digest_of(cid: &Cid) -> Option<[u8; 32]> {
    (cid.version() == Version::V0).then(|| cid.hash().digest().try_into().ok()).flatten()
}

fn root(bytes: &[u8], leaves: Leaves) -> Cid {
    // An empty file is one empty leaf.
    let mut level: Vec<Block> = if bytes.is_empty() {
        vec![leaf(bytes, leaves)]
    } else {
        bytes.chunks(CHUNK_BYTES).map(|chunk| leaf(chunk, leaves)).collect()
    };
    while level.len() > 1 {
        level = level.chunks(LINKS_MAX).map(|children| parent(children, leaves)).collect();
    }
    level.pop().expect("a tree has a root").cid
}

fn leaf(chunk: &[u8], leaves: Leaves) -> Block {
    let file_bytes = chunk.len() as u64;
    if leaves == Leaves::Raw {
        return Block { cid: Cid::new_v1(RAW, sha2_256(chunk)), tree_bytes: file_bytes, file_bytes };
    }
    let mut file = unixfs_file();
    if !chunk.is_empty() {
        put_bytes(&mut file, 2, chunk);
    }
    put_number(&mut file, 3, file_bytes);
    let mut node = Vec::with_capacity(chunk.len() + 32);
    put_bytes(&mut node, 1, &file);
    Block { cid: dag_pb(&node, leaves), tree_bytes: node.len() as u64, file_bytes }
}

fn parent(children: &[Block], leaves: Leaves) -> Block {
    let file_bytes = children.iter().map(|child| child.file_bytes).sum();
    let mut file = unixfs_file();
    put_number(&mut file, 3, file_bytes);
    // dag-pb wants links (field 2) before data (field 1).
    let mut node = Vec::new();
    for child in children {
        put_number(&mut file, 4, child.file_bytes);
        let mut link = Vec::new();
        put_bytes(&mut link, 1, &child.cid.to_bytes());
        put_bytes(&mut link, 2, b"");
        put_number(&mut link, 3, child.tree_bytes);
        put_bytes(&mut node, 2, &link);
    }
    put_bytes(&mut node, 1, &file);
    let below: u64 = children.iter().map(|child| child.tree_bytes).sum();
    Block { cid: dag_pb(&node, leaves), tree_bytes: below + node.len() as u64, file_bytes }
}

/// The start of a UnixFS message: field 1 (type) = 2 (file).
fn unixfs_file() -> Vec<u8> {
    let mut file = Vec::new();
    put_number(&mut file, 1, 2);
    file
}

fn dag_pb(node: &[u8], leaves: Leaves) -> Cid {
    let hash = sha2_256(node);
    match leaves {
        Leaves::Wrapped => Cid::new_v0(hash).expect("a SHA2-256 multihash"),
        Leaves::Raw => Cid::new_v1(DAG_PB, hash),
    }
}

fn sha2_256(bytes: &[u8]) -> Multihash<64> {
    Multihash::wrap(SHA2_256, &Sha256::digest(bytes)).expect("32 bytes fit")
}

/// Appends a protobuf varint field.
fn put_number(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(field << 3);
    put_varint(out, value);
}

/// Appends a protobuf length-delimited field.
fn put_bytes(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HELLO: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";

    /// Length, CIDv0, CIDv1 of [`pattern`]. Computed once with the npm package `ipfs-unixfs-importer` 15.4.0:
    /// `importer([{content}], store, {cidVersion, rawLeaves: cidVersion === 1, reduceSingleLeafToSelf: true,
    /// chunker: fixedSize({chunkSize: 262144}), layout: balanced({maxChildrenPerNode: 174})})`.
    const VECTORS: &[(usize, &str, &str)] = &[
        (
            0,
            "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        ),
        (
            262_144,
            "QmeS1LbuBGu3T5hrM4peMBBAkVssC1PXZfiBDG3zWYdaPT",
            "bafkreif36o2t6yl2n3qhy46wb5a6nrs6kdtanv3ynjcyehjiebhlakayxu",
        ),
        (
            262_145,
            "QmYTtHoaRQHhHnWFRutAsm1LabirWkmSQeg5oHEV7P1e4H",
            "bafybeid7eehjbzo4qefu62dgkehhrq2jbpe4537p3rh4kzidf7gc7vqdzi",
        ),
        (
            1 << 20,
            "QmZLzk1EPkDR3grYETzW7SZKoyXmpyWPPQUh5wVk3San6r",
            "bafybeifr3goqb3hd4i5ijlbpnhurrrag4f7wmcdqiueg5t3m5bfb35xygy",
        ),
        (
            174 * 262_144,
            "QmfYWFPkvuB4xtRPME6MpijNJNmGXirnbkTyjSVK2ATouM",
            "bafybeia4lhtavcbu4e5g6n4hcwei3mji5lagzcyofb7fllpxv72sobw3oe",
        ),
        (
            174 * 262_144 + 1,
            "Qmdep2ba7J5Eiuu2eWjfAFwCk7oReK5c2XVLK2XSuqEP5G",
            "bafybeiaiovs2tvf6x6rear7nzt5xhdx3dlu24wcsvizixwylqqiqwgodsi",
        ),
        (
            50 << 20,
            "QmUNpmc3Y4wgyhzEGEwhuJe9XHtUTayNVLqKbRQzeXW5Vk",
            "bafybeifojfvkdfg2i34ra4ejzt4eyljlkisnqqjsy7v5behl3czjq3pbrm",
        ),
    ];

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|i| ((i * 7 + i / 1021) % 256) as u8).collect()
    }

    #[test]
    fn files_from_one_empty_leaf_to_three_levels_have_the_cids_that_ipfs_prints() {
        for &(len, v0, v1) in VECTORS {
            let bytes = pattern(len);
            assert_eq!(cid_v0(&bytes).to_string(), v0, "{len} bytes");
            assert_eq!(cid_v1(&bytes).to_string(), v1, "{len} bytes");
        }
        assert_eq!(cid_v0(b"hello world\n").to_string(), HELLO);
    }

    #[test]
    fn every_form_of_a_files_cid_matches_it() {
        let bytes = pattern(262_145);
        let v0 = cid_v0(&bytes);
        for text in [v0.to_string(), cid_v1(&bytes).to_string(), v0.into_v1().expect("v0 to v1").to_string()] {
            assert_eq!(matches(&bytes, &text), Ok(()), "{text}");
        }
        let small = b"go();";
        assert_eq!(matches(small, &cid_v1(small).to_string()), Ok(()));
    }

    #[test]
    fn a_mismatch_names_the_expected_and_the_computed_cid() {
        let error = matches(b"hello world", HELLO).expect_err("the newline is missing");
        let computed = cid_v0(b"hello world").to_string();
        assert!(error.to_string().contains(HELLO), "{error}");
        assert!(error.to_string().contains(&computed), "{error}");
        let v1 = cid_v1(b"hello world\n");
        let error = matches(b"hello world", &v1.to_string()).expect_err("the newline is missing");
        assert_eq!(error, CidError::Mismatch { expected: v1.into(), computed: cid_v1(b"hello world").into() });
    }

    #[test]
    fn other_spellings_codecs_and_hashes_are_refused() {
        for text in ["", "Qm", "/ipfs/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", "é", &"Q".repeat(5000)] {
            assert!(matches!(matches(b"x", text), Err(CidError::NotACid { .. })), "{text:?}");
        }
        let dag_cbor = Cid::new_v1(0x71, sha2_256(b"x"));
        assert!(matches!(matches(b"x", &dag_cbor.to_string()), Err(CidError::Unsupported { codec: 0x71, .. })));
        let identity = Cid::new_v1(RAW, Multihash::wrap(0, b"x").expect("short"));
        assert!(matches!(matches(b"x", &identity.to_string()), Err(CidError::Unsupported { hash: 0, .. })));
    }

    #[test]
    fn permission_bytes_are_the_34_bytes_of_the_base58_text_and_lead_back() {
        let cid = parse(HELLO).expect("a CID");
        let bytes = permission_bytes(&cid);
        let expected = "122046d44814b9c5af141c3aaab7c05dc5e844ead5f91f12858b021eba45768b4c0e";
        assert_eq!(hex::encode(&bytes), expected);
        assert_eq!(from_permission_bytes(&bytes), Some(cid));
        assert_eq!(from_permission_bytes(&bytes[..33]), None);
        assert_eq!(from_permission_bytes(b""), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_check_panic(text in ".{0,140}", bytes: Vec<u8>) {
            prop_assert!(matches(&bytes, &text).is_err());
        }

        #[test]
        fn different_bytes_never_match(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(matches(&a, &cid_v0(&b).to_string()).is_ok(), a == b);
        }
    }
}
