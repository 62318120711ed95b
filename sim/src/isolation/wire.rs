//! What a simulation and its workers say to each other: one request, one reply, each with its length before it.

use lit_node::action::{ActionSpec, HostAnswer, HostCallId, Progress, Usage};
use lit_node::io::Time;
use lit_node::meter::Op;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// The longest request or reply, bytes: code, parameters, fetched bodies, logs.
const BYTES_MAX: u32 = 256 << 20;

/// What a worker says first, so that no other program is taken for one.
pub(super) const GREETING: &str = "litsim action worker";

/// What a worker is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Start an action; whatever ran before is dropped.
    Start(Box<ActionSpec>),
    /// Hand over an answer.
    Resume(Time, HostCallId, HostAnswer),
    /// Let time pass.
    Tick(Time),
}

/// How far the action got.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Reply {
    pub(super) progress: Progress,
    pub(super) deadline: Option<Time>,
    pub(super) usage: Usage,
    /// Work that was counted.
    pub(super) work: Vec<(Op, u64)>,
}

/// Writes a message.
pub(super) fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_stdvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::other("a message that is too long"))?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads a message; none at the end of the stream.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_be_bytes(length);
    if length > BYTES_MAX {
        return Err(io::Error::other("a message that is too long"));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in_and_the_end_of_the_stream_is_no_error() {
        let mut stream = Vec::new();
        send(&mut stream, &Request::Tick(Time(7))).unwrap();
        let mut stream = &stream[..];
        assert!(matches!(receive(&mut stream), Ok(Some(Request::Tick(Time(7))))));
        assert!(matches!(receive::<Request>(&mut stream), Ok(None)));
    }

    #[test]
    fn what_is_cut_short_or_too_long_or_nonsense_is_an_error() {
        let mut stream = Vec::new();
        send(&mut stream, &Request::Tick(Time(7))).unwrap();
        stream.pop();
        assert!(receive::<Request>(&mut &stream[..]).is_err());
        assert!(receive::<Request>(&mut &[0xff; 8][..]).is_err());
        assert!(receive::<Request>(&mut &[0, 0, 0, 1, 9][..]).is_err());
    }
}
