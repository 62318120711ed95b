//! Measures how deep a text nests before a recursive parser sees it.
//!
//! The parser, the scope analysis and the compiler recurse on the native stack: a bracket, `=`, `?`, `=>` or a prefix
//! word costs a whole descent through the grammar; each link of a chain such as `a + b + c` costs one level of a tree.
//! The scan adds up an upper estimate of these costs along the currently open constructs.

/// Stack that the scan lets a script use, bytes: half of the smallest stack that executions run on.
const STACK_BYTES_MAX: u64 = 32 << 20;
/// A level that descends through the whole grammar.
const DESCENT_BYTES: u64 = 32 << 10;
/// A level of a tree that the parser builds in a loop.
const LINK_BYTES: u64 = 2 << 10;

/// Words that begin a construct which nests to the right.
const NESTING_WORDS: [&[u8]; 22] = [
    b"async",
    b"await",
    b"case",
    b"class",
    b"delete",
    b"do",
    b"else",
    b"extends",
    b"for",
    b"function",
    b"if",
    b"in",
    b"instanceof",
    b"new",
    b"of",
    b"return",
    b"throw",
    b"typeof",
    b"void",
    b"while",
    b"with",
    b"yield",
];
/// Words after which a `/` begins a regular expression.
const BEFORE_EXPRESSION: [&[u8]; 18] = [
    b"async",
    b"await",
    b"case",
    b"class",
    b"delete",
    b"do",
    b"else",
    b"extends",
    b"function",
    b"in",
    b"instanceof",
    b"new",
    b"of",
    b"return",
    b"throw",
    b"typeof",
    b"void",
    b"yield",
];
/// Words whose parentheses are followed by a statement.
const HEADS: [&[u8]; 6] = [b"catch", b"for", b"if", b"switch", b"while", b"with"];
/// Words that continue a statement on a new line or after a block.
const CONTINUATIONS: [&[u8]; 8] = [b"catch", b"else", b"extends", b"finally", b"in", b"instanceof", b"of", b"while"];

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

/// An open bracket, or the script itself.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// The bracket; 0 for the script, `$` for a template's substitution.
    open: u8,
    /// Whether the bracket is the head of a statement, as in `if (...)`.
    head: bool,
    /// Cost of the expression or statement being read.
    current: u64,
    /// Cost of a comma-separated chain before it.
    settled: u64,
}

struct Scan<'a> {
    code: &'a [u8],
    at: usize,
    line: u32,
    frames: Vec<Frame>,
    /// Cost of all open frames.
    total: u64,
    /// Whether a `/` would divide.
    after_value: bool,
    /// Whether the last token closed a block or object.
    after_brace: bool,
    /// Whether a line ended since the last token.
    new_line: bool,
    /// Whether a parenthesis would be the head of a statement.
    head_next: bool,
}

/// Scans a script.
///
/// # Errors
/// The line at which the script nests deeper than the parser may recurse.
pub(super) fn check_code(code: &str) -> Result<(), u32> {
    let frames = vec![Frame::default()];
    let mut scan = Scan {
        code: code.as_bytes(),
        at: 0,
        line: 1,
        frames,
        total: 0,
        after_value: false,
        after_brace: false,
        new_line: false,
        head_next: false,
    };
    while scan.at < scan.code.len() {
        scan.token();
        if scan.total > STACK_BYTES_MAX {
            return Err(scan.line);
        }
    }
    Ok(())
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.code.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) {
        if self.peek(0) == b'\n' {
            self.line += 1;
        }
        self.at += 1;
    }

    fn cost(&mut self, bytes: u64) {
        if let Some(frame) = self.frames.last_mut() {
            frame.current += bytes;
            self.total += bytes;
        }
    }

    /// The expression ends here; in brackets that hold chains the comma itself is a link.
    fn comma(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            self.total -= frame.current;
            frame.current = 0;
            if frame.open == b'(' {
                frame.settled += LINK_BYTES;
                self.total += LINK_BYTES;
            }
        }
    }

    /// The statement ends here.
    fn boundary(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            self.total -= frame.current + frame.settled;
            frame.current = 0;
            frame.settled = 0;
        }
    }

    fn open(&mut self, bracket: u8) {
        self.cost(LINK_BYTES);
        let head = std::mem::take(&mut self.head_next);
        self.frames.push(Frame { open: bracket, head, ..Frame::default() });
        self.cost(DESCENT_BYTES);
        self.after_value = false;
    }

    fn close(&mut self) -> Frame {
        if self.frames.len() < 2 {
            return Frame::default();
        }
        let frame = self.frames.pop().unwrap_or_default();
        self.total -= frame.current + frame.settled;
        frame
    }

    /// Skips a blank or a comment.
    fn skipped(&mut self, byte: u8) -> bool {
        match (byte, self.peek(1)) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {
                self.new_line |= byte == b'\n';
                self.step();
            }
            (b'/', b'/') => self.skip_until(b"\n"),
            (b'/', b'*') => {
                self.at += 2;
                self.skip_until(b"*/");
                self.at += 2;
            }
            _ => return false,
        }
        true
    }

    fn token(&mut self) {
        let byte = self.peek(0);
        if self.skipped(byte) {
            return;
        }
        let new_line = std::mem::take(&mut self.new_line);
        let fresh = std::mem::take(&mut self.after_brace) || new_line && self.after_value;
        match (byte, self.peek(1)) {
            (b'"' | b'\'', _) => self.string(byte),
            (b'`', _) => {
                self.step();
                self.template();
            }
            (b'/', _) if !self.after_value => self.regular_expression(),
            (b'(' | b'[' | b'{', _) => {
                self.step();
                self.open(byte);
            }
            (b')' | b']' | b'}', _) => {
                self.step();
                self.closed(byte);
            }
            (b';', _) => {
                self.step();
                self.boundary();
                self.after_value = false;
            }
            (b',', _) => {
                self.step();
                self.comma();
                self.after_value = false;
            }
            _ if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\' | 0x80..) => {
                self.word(fresh);
            }
            _ => self.operator(byte),
        }
    }

    fn closed(&mut self, bracket: u8) {
        let opened = self.close();
        if bracket == b'}' && opened.open == b'$' {
            return self.template();
        }
        self.after_value = bracket != b'}' && !opened.head;
        self.after_brace = bracket == b'}';
    }

    fn operator(&mut self, byte: u8) {
        self.step();
        match byte {
            // `=`, `==`, `=>`, conditional, label, prefix operators: the right side descends again.
            b'=' | b'?' | b':' | b'!' | b'~' | b'*' => self.cost(DESCENT_BYTES),
            b'+' | b'-' if !self.after_value => self.cost(DESCENT_BYTES),
            _ => self.cost(LINK_BYTES),
        }
        // `a++ / b` divides; `a + /b/` does not.
        let doubled = matches!(byte, b'+' | b'-') && self.at >= 2 && self.code[self.at - 2] == byte;
        self.after_value = doubled && self.after_value;
    }

    /// `fresh`: the word stands after a block, or on a new line after a value.
    fn word(&mut self, fresh: bool) {
        let start = self.at;
        while matches!(self.peek(0), b'_' | b'$' | b'#' | b'\\' | 0x80..) || self.peek(0).is_ascii_alphanumeric() {
            self.at += 1;
        }
        let word = &self.code[start..self.at];
        if fresh && !CONTINUATIONS.contains(&word) {
            self.boundary();
        }
        let nests = NESTING_WORDS.contains(&word);
        self.cost(if nests { DESCENT_BYTES } else { 0 });
        self.head_next = HEADS.contains(&word) || self.head_next && word == b"await";
        self.after_value = !BEFORE_EXPRESSION.contains(&word);
    }

    fn string(&mut self, quote: u8) {
        self.step();
        while self.at < self.code.len() && self.peek(0) != quote && self.peek(0) != b'\n' {
            if self.peek(0) == b'\\' {
                self.step();
            }
            self.step();
        }
        self.step();
        self.after_value = true;
    }

    /// Reads a template's text up to its end or the next substitution.
    fn template(&mut self) {
        while self.at < self.code.len() {
            match (self.peek(0), self.peek(1)) {
                (b'`', _) => {
                    self.step();
                    self.after_value = true;
                    return;
                }
                (b'$', b'{') => {
                    self.at += 2;
                    self.open(b'$');
                    return;
                }
                (b'\\', _) => {
                    self.step();
                    self.step();
                }
                _ => self.step(),
            }
        }
    }

    fn regular_expression(&mut self) {
        self.step();
        let mut in_class = false;
        while self.at < self.code.len() && self.peek(0) != b'\n' && (in_class || self.peek(0) != b'/') {
            match self.peek(0) {
                b'\\' => self.at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                // Groups recurse in the regular expression's own parser.
                b'(' => self.cost(LINK_BYTES),
                _ => {}
            }
            self.step();
        }
        self.step();
        self.after_value = true;
    }

    fn skip_until(&mut self, end: &[u8]) {
        while self.at < self.code.len() && !self.code[self.at..].starts_with(end) {
            self.step();
        }
    }
}
