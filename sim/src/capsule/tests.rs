//! Tests of capsules.
