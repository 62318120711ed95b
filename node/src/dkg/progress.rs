//! How far a session has come, for people.

use crate::id::NodeId;

/// How far an attempt has come at one node.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// `open` while dealing, `disputing` while complaints count, `deciding` until all disputes can be judged, `closed`
    /// when the qualified set is fixed, `over` at the end.
    pub phase: &'static str,
    /// Which attempt at the key, from 0.
    pub attempt: u32,
    /// How many dealings are held.
    pub dealings: usize,
    /// How many dealers were acknowledged.
    pub acknowledged: usize,
    /// The qualified dealers, while some of their dealings are missing.
    pub qualified: Vec<NodeId>,
    /// How many dealings are being fetched.
    pub fetching: usize,
    /// How many complaints the board shows.
    pub disputes: usize,
}
