//! What is tried to make a failing scenario smaller, in this order: fewer faults, acts, steps, users and settings; then
//! simpler numbers; then fewer nodes and a calm network. Each pass keeps what fails in the same way.

use toml::Value;

use super::ddmin::ddmin;
use super::document::{Document, Key, Path, name};
use super::judge::Judge;

/// Makes the document as small as the passes can, again and again until none of them finds anything more.
pub(super) fn all(mut document: Document, judge: &mut Judge<'_>) -> Document {
    loop {
        let before = document.clone();
        document = leave_out(document.parts("fault"), document, judge);
        document = leave_out(document.act_paths(), document, judge);
        document = leave_out(document.parts("step"), document, judge);
        document = leave_out(settings(&document), document, judge);
        for part in [document.parts("fault"), document.parts("step")].concat() {
            document = leave_out(options(&document, &part), document, judge);
        }
        for path in numbers(&document) {
            document = simplify(&path, document, judge);
        }
        document = fewer_nodes(document, judge);
        document = calm(document, judge);
        if document == before || judge.is_spent() {
            return document;
        }
    }
}

/// Leaves out as many of these values as possible.
fn leave_out(paths: Vec<Path>, document: Document, judge: &mut Judge<'_>) -> Document {
    let kept = ddmin(&paths, &mut |some| {
        let gone: Vec<Path> = paths.iter().filter(|path| !some.contains(path)).cloned().collect();
        gone.is_empty() || judge.fails(&document.without(&gone))
    });
    let gone: Vec<Path> = paths.into_iter().filter(|path| !kept.contains(path)).collect();
    if gone.is_empty() { document } else { document.without(&gone) }
}

/// Everything outside acts that a scenario may do without: users, and what has a default.
fn settings(document: &Document) -> Vec<Path> {
    let sections = document
        .tree
        .keys()
        .filter(|key| !["schema", "name", "description", "tags", "act", "expect"].contains(&key.as_str()));
    let roots = sections.map(|section| vec![name(section)]);
    roots
        .flat_map(|root| if root == [name("users")] { members(document, &root) } else { document.leaves(&root) })
        .collect()
}

fn members(document: &Document, root: &Path) -> Vec<Path> {
    let table = document.get(root).and_then(Value::as_table);
    table.into_iter().flat_map(|table| table.keys()).map(|key| [&root[..], &[name(key)]].concat()).collect()
}

/// What a fault or step may do without. How a step should end stays: it is what the scenario demands once all is well.
fn options(document: &Document, part: &Path) -> Vec<Path> {
    let stays = |key: &str| ["name", "id", "expect"].contains(&key);
    let is_fixed = |path: &Path| matches!(path.get(part.len()), Some(Key::Name(key)) if stays(key));
    document.leaves(part).into_iter().filter(|path| !is_fixed(path)).collect()
}

/// The numbers of faults.
fn numbers(document: &Document) -> Vec<Path> {
    let leaves = document.parts("fault").into_iter().flat_map(|fault| document.leaves(&fault));
    leaves.filter(|path| document.get(path).is_some_and(|value| value.is_integer() || value.is_float())).collect()
}

/// Puts the simplest number that does.
fn simplify(path: &Path, document: Document, judge: &mut Judge<'_>) -> Document {
    let Some(value) = document.get(path) else { return document };
    let simpler = match value {
        Value::Integer(number) => integers(*number).into_iter().map(Value::Integer).collect(),
        Value::Float(number) => rates(*number).into_iter().map(Value::Float).collect(),
        _ => Vec::new(),
    };
    for value in simpler {
        let mut candidate = document.clone();
        candidate.set(path, value);
        if judge.fails(&candidate) {
            return candidate;
        }
    }
    document
}

/// Numbers that are simpler than a number, simplest first: small ones, powers of ten, then the number with one and
/// with two digits.
fn integers(number: i64) -> Vec<i64> {
    let small = 0..=if number <= 16 { number } else { 1 };
    let powers = (1..18).map(|power| 10_i64.pow(power));
    let magnitude = 10_i64.pow(number.max(1).ilog10());
    let rounded = [magnitude, (magnitude / 10).max(1)].map(|unit| number / unit * unit);
    let mut list: Vec<i64> = small.chain(powers).chain(rounded).filter(|simpler| *simpler < number).collect();
    list.dedup();
    list
}

/// Rates that are simpler than a rate, simplest first: one that leaves nothing to chance, then halves and tenths.
fn rates(rate: f64) -> Vec<f64> {
    let simple = [1.0, 0.5, 0.1];
    let place = simple.iter().position(|known| *known == rate).unwrap_or(simple.len());
    simple[..place].to_vec()
}

/// Takes the smallest network that does.
fn fewer_nodes(document: Document, judge: &mut Judge<'_>) -> Document {
    let path = vec![name("network"), name("nodes")];
    let Some(nodes) = document.get(&path).and_then(Value::as_integer) else { return document };
    let sizes =
        (2..=16).chain([19, 22, 25, 31, 40, 50, 61, 70, 79, 88, 97, 100, 130, 160, 200, 250, 301, 400, 500, 700]);
    for size in sizes.take_while(|size| *size < nodes) {
        let mut candidate = document.clone();
        candidate.set(&path, Value::Integer(size));
        if judge.fails(&candidate) {
            return candidate;
        }
    }
    document
}

/// Lets every message take the same time.
fn calm(document: Document, judge: &mut Judge<'_>) -> Document {
    let constant: toml::Table = [("constant_ms".to_owned(), Value::Integer(10))].into_iter().collect();
    let mut candidate = document.clone();
    let Some(Value::Table(network)) = candidate.tree.get_mut("network") else { return document };
    let link = network.entry("link").or_insert_with(|| Value::Table(toml::Table::new()));
    let Some(link) = link.as_table_mut() else { return document };
    link.insert("latency".into(), Value::Table(constant));
    if candidate != document && judge.fails(&candidate) { candidate } else { document }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_simpler_in_few_tries_and_never_grow() {
        assert_eq!(integers(3417), [0, 1, 10, 100, 1000, 3000, 3400]);
        assert_eq!(integers(3), [0, 1, 2]);
        assert!(integers(0).is_empty() && integers(1) == [0]);
        for number in [2_i64, 17, 99, 100, 101, 86_400_000, i64::MAX] {
            assert!(integers(number).iter().all(|simpler| *simpler < number), "{number}");
        }
        assert_eq!(rates(0.37), [1.0, 0.5, 0.1]);
        assert!(rates(1.0).is_empty());
    }
}
