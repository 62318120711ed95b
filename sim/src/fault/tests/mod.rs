//! Tests of faults as data.

mod lies;
mod links;
mod scenarios;
