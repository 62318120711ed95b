//! A node of a foreign protocol on its machine.

use lit_node::id::Boot;

use super::{Conduct, Protocol};
use crate::byzantine::Line;

/// A machine with or without a running node.
pub(super) struct Host<P: Protocol> {
    pub node: Option<P>,
    pub boot: Boot,
    pub disk: P::Disk,
    /// How the node behaves while a line is on.
    pub conducts: Vec<(Line, Box<dyn Conduct<P>>)>,
    /// The fault that cuts the power, and at which save from now.
    pub armed: Option<(usize, u32)>,
}

impl<P: Protocol> Host<P> {
    /// Counts a save; the fault whose power cut comes with it, if one does.
    pub fn cut(&mut self) -> Option<usize> {
        let (fault, left) = self.armed.as_mut()?;
        *left = left.saturating_sub(1);
        let due = (*left == 0).then_some(*fault);
        if due.is_some() {
            self.armed = None;
        }
        due
    }
}
