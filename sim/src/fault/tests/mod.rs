//! Tests of faults as data.

mod links;
mod scenarios;
