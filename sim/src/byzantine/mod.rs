//! How nodes lie: one behaviour a file, each a [`lit_node::conduct::Conduct`].

mod leak;

pub use leak::Leak;
