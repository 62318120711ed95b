//! Measures how deep a text nests before a recursive parser sees it.
//!
//! The parser, the scope analysis and the compiler recurse on the native stack: a bracket, `=`, `?`, `=>` or a prefix
//! word costs a whole descent through the grammar; each link of a chain such as `a + b + c` costs one level of a tree.
//! The scan ([`scan`]) adds up an upper estimate of these costs along the currently open constructs.
//!
//! Whether a `/` divides or begins a regular expression, and whether `<!--` and `-->` begin a comment, depends on the
//! grammar in places; whoever guesses wrong takes code for a text, and counts nothing in it. There, both readings are
//! followed to the end, and neither may nest too deeply.

mod scan;

use scan::Scan;

/// Stack that the scan lets a script use, bytes: half of the smallest stack that executions run on.
const STACK_BYTES_MAX: u64 = 32 << 20;
/// How many ways to read a script are tried, and how many bytes in all beyond a few times the script's own. Scripts that
/// have many places where that is not clear are not written by people or by their tools.
const READINGS_MAX: usize = 64;
const BYTES_MAX: usize = 16 << 20;

/// How deep a JSON text nests; brackets inside strings do not count.
pub(super) fn json_depth(text: impl Iterator<Item = u16>) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for unit in text {
        let byte = u8::try_from(unit).unwrap_or(0);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Scans a script.
///
/// # Errors
/// The line at which the script nests deeper than the parser may recurse, or from which on there are too many ways to
/// read it.
pub(super) fn check_code(code: &str) -> Result<(), u32> {
    let mut readings = vec![Scan::new(code)];
    let (mut begun, mut bytes_left) = (1, BYTES_MAX + 4 * code.len());
    while let Some(mut scan) = readings.pop() {
        while !scan.is_over() {
            if let Some(other) = scan.token() {
                begun += 1;
                bytes_left = bytes_left.saturating_sub(other.bytes_left());
                readings.push(other);
            }
            if scan.total > STACK_BYTES_MAX || begun > READINGS_MAX || bytes_left == 0 {
                return Err(scan.line);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More brackets than the parser may recurse into.
    fn brackets() -> String {
        "(".repeat(2_000)
    }

    #[test]
    fn brackets_are_found_behind_whatever_ends_a_comment_or_a_text() {
        let deep = brackets();
        for before in [
            "// x\r",
            "// x\u{2028}",
            "// x\u{2029}",
            "// `\n",
            "<!-- `\n",
            "x\n--> `\n",
            "/* \n */ --> `\n",
            "--> `\r\n",
            "#!/usr/bin/env `\n",
            "'\\\r\n';",
            "\"\\\n\";",
            "'\u{2028}`';",
            "'a\n",
            "`\\``;",
            "`${'`'}`;",
        ] {
            let code = format!("{before}{deep}");
            assert!(check_code(&code).is_err(), "{before:?}");
        }
    }

    #[test]
    fn brackets_are_found_behind_whatever_divides() {
        let deep = brackets();
        for before in [
            "x = {} / ",
            "x = function () {} / ",
            "`${{} / ",
            "for (;; {} / ",
            "o.return / ",
            "o?.typeof / ",
            "of / ",
            "yield / ",
            "await / ",
            "async / ",
            "x++ / ",
            "x--/",
            "1. / ",
            "1.5 / ",
            "x / ",
            "x\n/",
            "] / ",
            "f() / ",
            "`t` / ",
            "'t' / ",
            "0x1 / ",
            "o.if(1) / ",
            "class { #in() { this.#in / ",
        ] {
            for bracket in ["", "/[", "'/`'", "/ `x` /"] {
                let code = format!("{before} {bracket} {deep}");
                assert!(bracket == "/[" || check_code(&code).is_err(), "{before:?} {bracket:?}");
            }
        }
    }

    #[test]
    fn brackets_in_patterns_texts_and_comments_do_not_nest() {
        let many = "(".repeat(2_000);
        let few = "[(".repeat(400);
        for code in [
            format!("// {many}\nx"),
            format!("/* {many} */ x"),
            format!("x = '{many}'"),
            format!("x = `{many}`"),
            format!("x = /[{many}]/"),
            format!("return /{few}]/.test(x)"),
            format!("if (x) /[{few}]/.test(y)"),
            format!("x = a ? /[{many}]/ : 1"),
            format!("for (const x of /[{few}]/.y) z"),
        ] {
            assert_eq!(check_code(&code), Ok(()), "{}", &code[..40]);
        }
    }

    #[test]
    fn ordinary_code_that_divides_after_braces_is_read() {
        let code =
            "const a = { b: 1 };\nfunction f() {}\n/x/.test(a);\nx = {}.y / 2;\ni++ / 2;\nfor (const c of d) {}\n";
        assert_eq!(check_code(code), Ok(()));
        let minified = "function f(){return{a:1}}/y/.test(z);var g=function(){}/2;".repeat(3);
        assert_eq!(check_code(&minified), Ok(()));
    }

    #[test]
    fn what_can_be_read_in_too_many_ways_is_refused_by_its_line() {
        let code = format!("\n{}", "x = function () {} / 2 / 3;".repeat(40));
        assert_eq!(check_code(&code), Err(2));
    }
}
