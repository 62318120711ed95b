//! A scenario as an editable tree in which every fault of the plan stands explicitly, so that the text alone gives the
//! plan.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::fault::Fault;
use crate::plan::{FaultEvent, FaultPlan, Trigger};
use crate::scenario::{Bundle, Diagnostics, write};

/// A scenario's tree and files.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The tree.
    pub tree: Table,
    files: BTreeMap<String, String>,
    origin: String,
}

/// A step between a tree and a value in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A member of a table.
    Name(String),
    /// A member of an array.
    Index(usize),
}

/// Where a value is in a tree.
pub type Path = Vec<Key>;

impl Document {
    /// The scenario with the plan's faults in place of its own. Marks of faults that are not in the plan are left out.
    ///
    /// # Errors
    /// If the scenario is not TOML, or a fault cannot be written as TOML.
    pub fn new(bundle: &Bundle, plan: &FaultPlan) -> Result<Self, ExplicitError> {
        let mut document = Self { tree: bundle.table()?, files: bundle.files.clone(), origin: bundle.origin.clone() };
        // It is about one run.
        document.tree.remove("sweep");
        for act in document.acts_mut() {
            let name = act.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let events = plan.events.iter().filter(|event| event.act == name);
            let faults = events.map(explicit).collect::<Result<Vec<Value>, _>>()?;
            act.remove("fault");
            if !faults.is_empty() {
                act.insert("fault".into(), Value::Array(faults));
            }
        }
        document.forget_marks();
        Ok(document)
    }

    /// The text and files.
    pub fn bundle(&self) -> Bundle {
        let used = self.actions();
        let files = self.files.iter().filter(|(name, _)| used.contains(*name) || self.is_pool(name));
        Bundle {
            origin: self.origin.clone(),
            text: write(&self.tree),
            edits: Vec::new(),
            files: files.map(|(name, text)| (name.clone(), text.clone())).collect(),
        }
    }

    /// Whether the scenario says which oracles must see something.
    pub fn names_oracles(&self) -> bool {
        self.tree.get("expect").and_then(Value::as_table).is_some_and(|expect| expect.contains_key("oracle"))
    }

    /// The acts.
    pub fn acts(&self) -> impl Iterator<Item = &Table> {
        self.tree.get("act").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
    }

    fn acts_mut(&mut self) -> impl Iterator<Item = &mut Table> {
        self.tree.get_mut("act").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_table_mut)
    }

    /// The paths of the steps (`step`) or faults (`fault`) of all acts.
    pub fn parts(&self, of: &str) -> Vec<Path> {
        let paths = self.acts().enumerate().flat_map(|(act, table)| {
            let count = table.get(of).and_then(Value::as_array).map_or(0, Vec::len);
            (0..count).map(move |index| vec![name("act"), Key::Index(act), name(of), Key::Index(index)])
        });
        paths.collect()
    }

    /// The paths of all acts.
    pub fn act_paths(&self) -> Vec<Path> {
        (0..self.acts().count()).map(|act| vec![name("act"), Key::Index(act)]).collect()
    }

    /// The paths below `root` that end in no table.
    pub fn leaves(&self, root: &Path) -> Vec<Path> {
        let mut found = Vec::new();
        if let Some(value) = self.get(root) {
            leaves(value, root, &mut found);
        }
        found
    }

    /// The value at a path.
    pub fn get(&self, path: &Path) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        let Key::Name(first) = first else { return None };
        rest.iter().try_fold(self.tree.get(first)?, |value, key| match key {
            Key::Name(name) => value.get(name),
            Key::Index(index) => value.get(index),
        })
    }

    /// Puts a value at a path that exists.
    pub fn set(&mut self, path: &Path, new: Value) {
        let Some((Key::Name(first), rest)) = path.split_first() else { return };
        let found = rest.iter().try_fold(self.tree.get_mut(first), |value, key| match (value, key) {
            (Some(value), Key::Name(name)) => Some(value.get_mut(name)),
            (Some(value), Key::Index(index)) => Some(value.get_mut(index)),
            (None, _) => None,
        });
        if let Some(Some(slot)) = found {
            *slot = new;
        }
    }

    /// The document without these values. Tables that become empty go too, and so do faults of steps that are gone and
    /// marks of faults that are gone.
    #[must_use]
    pub fn without(&self, paths: &[Path]) -> Self {
        let mut gone: Vec<&Path> = paths.iter().collect();
        // From the back, so that places in arrays stay what they are.
        gone.sort();
        let mut document = self.clone();
        for path in gone.into_iter().rev() {
            remove(&mut document.tree, path);
        }
        document.forget_orphans();
        document.forget_marks();
        document
    }

    /// Removes faults whose step is gone.
    fn forget_orphans(&mut self) {
        for act in self.acts_mut() {
            let steps: BTreeSet<String> = tables(act, "step").filter_map(|step| text(step, "id")).collect();
            let Some(Value::Array(faults)) = act.get_mut("fault") else { continue };
            let orphan =
                |fault: &Value| fault.get("during").and_then(Value::as_str).is_some_and(|s| !steps.contains(s));
            faults.retain(|fault| !orphan(fault));
            if faults.is_empty() {
                act.remove("fault");
            }
        }
    }

    /// Removes marks of faults that are gone.
    fn forget_marks(&mut self) {
        let ids: BTreeSet<String> = self.fault_ids().collect();
        if let Some(Value::Array(marks)) = self.tree.get_mut("expect").and_then(|expect| expect.get_mut("marks")) {
            marks.retain(|mark| mark.as_str().is_some_and(|mark| ids.contains(mark)));
        }
    }

    /// The ids of all faults.
    pub fn fault_ids(&self) -> impl Iterator<Item = String> {
        self.acts().flat_map(|act| {
            let name = text(act, "name").unwrap_or_default();
            tables(act, "fault").filter_map(move |fault| Some(format!("{name}/{}", text(fault, "name")?)))
        })
    }

    /// The folder of pools.
    fn pool(&self) -> Option<&str> {
        self.tree.get("keys")?.get("pool")?.as_str()
    }

    /// Whether a file is in the folder of pools.
    fn is_pool(&self, file: &str) -> bool {
        self.pool().and_then(|pool| file.strip_prefix(pool)).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The names of the action files that steps use.
    fn actions(&self) -> BTreeSet<String> {
        let mut document = self.clone();
        let mut names: BTreeSet<String> = document.action_names().map(|name| name.clone()).collect();
        document.texts(&mut |text| {
            let parts = text.split("${cid:").skip(1);
            names.extend(parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()));
        });
        names
    }

    /// Shows every text of every act.
    fn texts(&mut self, show: &mut dyn FnMut(&mut String)) {
        fn each(value: &mut Value, show: &mut dyn FnMut(&mut String)) {
            match value {
                Value::String(text) => show(text),
                Value::Array(items) => items.iter_mut().for_each(|item| each(item, show)),
                Value::Table(members) => members.iter_mut().for_each(|(_, member)| each(member, show)),
                _ => {}
            }
        }
        self.acts_mut().flat_map(|act| act.iter_mut()).for_each(|(_, value)| each(value, show));
    }

    /// Where steps name action files.
    fn action_names(&mut self) -> impl Iterator<Item = &mut String> {
        let steps = self.acts_mut().filter_map(|act| act.get_mut("step")?.as_array_mut()).flatten();
        let deeds = steps.filter_map(|step| step.get_mut("do")?.as_table_mut()).flat_map(|deed| deed.iter_mut());
        deeds.filter_map(|(_, deed)| match deed.get_mut("action") {
            Some(Value::String(name)) => Some(name),
            _ => None,
        })
    }

    /// Moves the action files and pools into one folder beside the scenario.
    pub fn move_files(&mut self, folder: &str) {
        let mut moved: BTreeMap<String, String> = BTreeMap::new();
        for old in self.files.keys().filter(|name| self.is_pool(name)) {
            moved.insert(old.clone(), format!("{folder}/{}", old.rsplit('/').next().unwrap_or(old)));
        }
        if let Some(pool) = self.tree.get_mut("keys").and_then(|keys| keys.get_mut("pool")) {
            *pool = Value::String(folder.to_owned());
        }
        for old in self.actions() {
            let base = old.rsplit(['/', '\\']).next().unwrap_or(&old);
            let names = (0..).map(|n: u32| if n == 0 { base.to_owned() } else { format!("{n}-{base}") });
            let mut fresh = names.map(|name| format!("{folder}/{name}"));
            let taken: BTreeSet<&String> = moved.values().collect();
            let new = fresh.find(|name| !taken.contains(name)).unwrap_or_else(|| old.clone());
            moved.insert(old, new);
        }
        for name in self.action_names() {
            if let Some(new) = moved.get(name) {
                *name = new.clone();
            }
        }
        self.texts(&mut |text| {
            for (old, new) in &moved {
                *text = text.replace(&format!("${{cid:{old}}}"), &format!("${{cid:{new}}}"));
            }
        });
        let files = std::mem::take(&mut self.files);
        self.files =
            files.into_iter().filter_map(|(old, text)| moved.get(&old).map(|new| (new.clone(), text))).collect();
    }
}

/// Why a plan cannot stand in a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ExplicitError {
    /// The scenario is not TOML.
    #[error(transparent)]
    Scenario(#[from] Diagnostics),
    /// A fault has no form in TOML.
    #[error("the fault {fault} cannot be written in a scenario: {source}")]
    Fault {
        /// Its id.
        fault: String,
        /// Why.
        source: toml::ser::Error,
    },
}

/// An event of a plan as a fault of a scenario.
fn explicit(event: &FaultEvent) -> Result<Value, ExplicitError> {
    let prefix = format!("{}/", event.act);
    let id = &event.id.0;
    let mut fault = Table::new();
    fault.insert("name".into(), id.strip_prefix(&prefix).unwrap_or(id).into());
    if let Some(when) = when(event) {
        fault.insert("when".into(), Value::Table(when));
    }
    if let Some(step) = &event.during {
        fault.insert("during".into(), step.clone().into());
    }
    if let Some(ms) = event.for_ms {
        fault.insert("for_ms".into(), integer(ms));
    }
    let what = Value::try_from(&event.what).map_err(|source| ExplicitError::Fault { fault: id.clone(), source })?;
    fault.insert("what".into(), what);
    Ok(Value::Table(fault))
}

/// When a fault starts; none at the start of its act or step.
fn when(event: &FaultEvent) -> Option<Table> {
    let mut table = Table::new();
    match &event.when {
        Trigger::At { ms: 0 } => return None,
        Trigger::At { ms } => {
            table.insert("at_ms".into(), integer(*ms));
        }
        Trigger::Sent { label, node, occurrence } => {
            table.insert("label".into(), label.to_string().into());
            if let Some(node) = node {
                table.insert("node".into(), i64::from(node.0).into());
            } else if matches!(event.what, Fault::Crash(_)) {
                table.insert("any_node".into(), true.into());
            }
            if *occurrence > 1 {
                table.insert("occurrence".into(), i64::from(*occurrence).into());
            }
        }
    }
    Some(table)
}

fn integer(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A key of a table.
pub fn name(text: &str) -> Key {
    Key::Name(text.to_owned())
}

fn text(table: &Table, key: &str) -> Option<String> {
    table.get(key).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn tables<'t>(table: &'t Table, key: &str) -> impl Iterator<Item = &'t Table> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn leaves(value: &Value, path: &Path, found: &mut Vec<Path>) {
    let below = |key: Key| [&path[..], &[key]].concat();
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| leaves(value, &below(name(key)), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| leaves(value, &below(Key::Index(index)), found));
        }
        _ => found.push(path.clone()),
    }
}

/// Removes a value, and the tables and arrays above it that have nothing else in them.
fn remove(tree: &mut Table, path: &[Key]) {
    let Some((Key::Name(first), rest)) = path.split_first() else { return };
    if rest.is_empty() || tree.get_mut(first).is_some_and(|value| remove_in(value, rest)) {
        tree.remove(first);
    }
}

/// Removes below a value; whether nothing is left of it.
fn remove_in(value: &mut Value, path: &[Key]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    match (value, first) {
        (Value::Table(table), Key::Name(key)) => {
            if table.get_mut(key).is_some_and(|inner| remove_in(inner, rest)) {
                table.remove(key);
            }
            table.is_empty()
        }
        (Value::Array(items), Key::Index(index)) => {
            if items.get_mut(*index).is_some_and(|inner| remove_in(inner, rest)) {
                items.remove(*index);
            }
            items.is_empty()
        }
        _ => false,
    }
}
