//! Requests as they travel: with the generation of the network that they are for.
//!
//! A network may be begun anew, with other contracts, keys and validators' keys. Whoever still has keys or ciphertexts of
//! the former one must be told so, and not that they are unknown. The first generation is not named.

use serde::{Deserialize, Serialize};

use super::{Decrypt, Execute, REQUEST_BYTES_MAX, Request};
use crate::id::Generation;
use crate::wire::{DecodeError, decode, encode};

/// What is decoded. The first three are the variants of [`Request`], so that what bears no generation reads as before.
#[derive(Serialize, Deserialize)]
enum Letter {
    Handshake { challenge: [u8; 32] },
    Execute(Box<Execute>),
    Decrypt(Box<Decrypt>),
    Of(Generation, Request),
}

impl Request {
    /// The bytes that ask for this in a generation of the network.
    pub fn to(self, generation: Generation) -> Vec<u8> {
        if generation == Generation::default() { encode(&self) } else { encode(&Letter::Of(generation, self)) }
    }

    /// What is asked, and in which generation of the network.
    ///
    /// # Errors
    /// If the bytes are no request, or too many.
    pub fn read(bytes: &[u8]) -> Result<(Generation, Self), DecodeError> {
        Ok(match decode(bytes, REQUEST_BYTES_MAX)? {
            Letter::Handshake { challenge } => (Generation::default(), Self::Handshake { challenge }),
            Letter::Execute(execute) => (Generation::default(), Self::Execute(execute)),
            Letter::Decrypt(decrypt) => (Generation::default(), Self::Decrypt(decrypt)),
            Letter::Of(generation, request) => (generation, request),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Credential, Task};
    use super::*;
    use crate::id::{Digest, Epoch};
    use crate::signing::Scheme;

    fn requests() -> [Request; 2] {
        let task = Task::Sign { public_key: vec![2; 33], digest: Digest([3; 32]), scheme: Scheme::EcdsaK256 };
        let execute =
            Execute { nonce: [1; 16], task, credential: Credential::Nobody, proofs: Vec::new(), epoch: Epoch(1) };
        [Request::Handshake { challenge: [4; 32] }, Request::Execute(Box::new(execute))]
    }

    #[test]
    fn a_request_reads_back_with_the_generation_that_it_is_for() {
        for generation in [0, 1, 70_000].map(Generation) {
            for request in requests() {
                assert_eq!(Request::read(&request.clone().to(generation)), Ok((generation, request)));
            }
        }
    }

    #[test]
    fn a_request_that_names_no_generation_is_for_the_first_one() {
        for request in requests() {
            assert_eq!(Request::read(&encode(&request)), Ok((Generation(0), request.clone())));
            assert_eq!(request.clone().to(Generation(0)), encode(&request));
            assert_ne!(request.clone().to(Generation(1)), request.to(Generation(2)));
        }
    }
}
