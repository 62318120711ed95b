//! One way to read a script, token by token.

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
const BEFORE_EXPRESSION: [&[u8]; 14] = [
    b"case",
    b"default",
    b"delete",
    b"do",
    b"else",
    b"extends",
    b"in",
    b"instanceof",
    b"new",
    b"return",
    b"throw",
    b"typeof",
    b"void",
    b"while",
];
/// Words that are names, too: before a `/` nothing short of a parser tells.
const NAMES_TOO: [&[u8]; 3] = [b"await", b"of", b"yield"];
/// Words whose parentheses are followed by a statement.
const HEADS: [&[u8]; 6] = [b"catch", b"for", b"if", b"switch", b"while", b"with"];
/// Words that continue a statement on a new line or after a block.
const CONTINUATIONS: [&[u8]; 8] = [b"catch", b"else", b"extends", b"finally", b"in", b"instanceof", b"of", b"while"];

/// An open bracket, or the script itself.
#[derive(Clone, Copy)]
struct Frame {
    /// The bracket; 0 for the script, `$` for a template's substitution.
    open: u8,
    /// What a `/` would do behind the closing bracket.
    then: Slash,
    /// Cost of the expression or statement being read.
    current: u64,
    /// Cost of a comma-separated chain before it.
    settled: u64,
}

impl Frame {
    fn new(open: u8, then: Slash) -> Self {
        Self { open, then, current: 0, settled: 0 }
    }
}

/// What a `/` would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slash {
    /// Divide: it stands after a value.
    Divides,
    /// Begin a regular expression.
    Begins,
    /// One or the other.
    Either,
}

/// A reading under way.
#[derive(Clone)]
pub(super) struct Scan<'a> {
    code: &'a [u8],
    at: usize,
    pub(super) line: u32,
    frames: Vec<Frame>,
    /// Cost of all open frames.
    pub(super) total: u64,
    slash: Slash,
    /// Whether the last token closed a block or object.
    after_brace: bool,
    /// Whether a line ended since the last token.
    new_line: bool,
    /// Whether the last token was a dot before a member's name.
    after_dot: bool,
    /// Whether what begins here was read as a comment in another reading, and is none in this.
    no_comment: bool,
    /// Whether a parenthesis would be the head of a statement.
    head_next: bool,
}

impl<'a> Scan<'a> {
    /// At the beginning.
    pub(super) fn new(code: &'a str) -> Self {
        let mut scan = Self {
            code: code.as_bytes(),
            at: 0,
            line: 1,
            frames: vec![Frame::new(0, Slash::Either)],
            total: 0,
            slash: Slash::Begins,
            after_brace: false,
            new_line: true,
            after_dot: false,
            no_comment: false,
            head_next: false,
        };
        if code.starts_with("#!") {
            scan.skip_line();
        }
        scan
    }

    /// Whether all is read.
    pub(super) fn is_over(&self) -> bool {
        self.at >= self.code.len()
    }

    /// How many bytes are left to read.
    pub(super) fn bytes_left(&self) -> usize {
        self.code.len().saturating_sub(self.at)
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.code.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) {
        if self.peek(0) == b'\n' {
            self.line += 1;
        }
        self.at += 1;
    }

    /// How many bytes a line's end has that begins here; 0 if none does (ECMA-262, 12.3).
    fn line_end(&self) -> usize {
        match (self.peek(0), self.peek(1), self.peek(2)) {
            (b'\n' | b'\r', ..) => 1,
            (0xe2, 0x80, 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    fn skip_line(&mut self) {
        while !self.is_over() && self.line_end() == 0 {
            self.at += 1;
        }
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
        let then = match bracket {
            b'{' => self.behind_brace(),
            _ if head => Slash::Begins,
            _ => Slash::Divides,
        };
        self.frames.push(Frame::new(bracket, then));
        self.cost(DESCENT_BYTES);
        self.slash = Slash::Begins;
    }

    /// What a `/` would do behind the brace that closes the one that opens here: it begins a pattern behind a block, and
    /// divides what is a value. Functions and classes are either.
    fn behind_brace(&self) -> Slash {
        let before = self.code[..self.at - 1].trim_ascii_end();
        match (self.slash, before.last()) {
            (Slash::Divides | Slash::Either, _) | (_, Some(b':')) => Slash::Either,
            // In a template, and in the head of a loop.
            (_, Some(b'{' | b';')) if self.frames.last().is_some_and(|frame| matches!(frame.open, b'$' | b'(')) => {
                Slash::Either
            }
            (_, None | Some(b';' | b'{' | b'}' | b')')) => Slash::Begins,
            (_, Some(b'>')) if before.ends_with(b"=>") => Slash::Begins,
            // Comments are not looked through.
            (_, Some(b'/' | b'a'..=b'z')) => Slash::Either,
            (_, Some(_)) => Slash::Divides,
        }
    }

    fn close(&mut self) -> Frame {
        let frame = self.frames.pop_if(|frame| frame.open != 0);
        let frame = frame.unwrap_or(Frame::new(0, Slash::Either));
        self.total -= frame.current + frame.settled;
        frame
    }

    /// Skips a blank or a comment.
    fn skipped(&mut self, byte: u8) -> bool {
        let line_end = self.line_end();
        match (byte, self.peek(1)) {
            _ if line_end > 0 => {
                self.new_line = true;
                (0..line_end).for_each(|_| self.step());
            }
            (b' ' | b'\t', _) => self.step(),
            (b'/', b'/') => self.skip_line(),
            (b'/', b'*') => {
                self.at += 2;
                while !self.is_over() && !self.code[self.at..].starts_with(b"*/") {
                    self.new_line |= self.line_end() > 0;
                    self.step();
                }
                self.at += 2;
            }
            _ => return false,
        }
        true
    }

    /// Reads on to the end of a token; another way to read from where it began, if there is one.
    pub(super) fn token(&mut self) -> Option<Self> {
        let byte = self.peek(0);
        if self.skipped(byte) {
            return None;
        }
        // Comments as in HTML (ECMA-262, B.1.1) are none in modules.
        let rest = &self.code[self.at..];
        if !self.no_comment && (rest.starts_with(b"<!--") || rest.starts_with(b"-->") && self.new_line) {
            let other = Self { no_comment: true, ..self.clone() };
            self.skip_line();
            return Some(other);
        }
        self.no_comment = false;
        if byte == b'/' && self.slash == Slash::Either {
            let mut other = Self { slash: Slash::Begins, ..self.clone() };
            self.slash = Slash::Divides;
            let is_one = other.is_pattern();
            self.plain_token(byte);
            return is_one.then(|| {
                other.plain_token(byte);
                other
            });
        }
        self.plain_token(byte);
        None
    }

    fn plain_token(&mut self, byte: u8) {
        let new_line = std::mem::take(&mut self.new_line);
        let after_dot = std::mem::take(&mut self.after_dot);
        let fresh = std::mem::take(&mut self.after_brace) || new_line && self.slash == Slash::Divides;
        match (byte, self.peek(1)) {
            (b'"' | b'\'', _) => self.string(byte),
            (b'`', _) => {
                self.step();
                self.template();
            }
            (b'/', _) if self.slash == Slash::Begins => self.regular_expression(),
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
                self.slash = Slash::Begins;
            }
            (b',', _) => {
                self.step();
                self.comma();
                self.slash = Slash::Begins;
            }
            _ if byte.is_ascii_digit() => self.number(),
            _ if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$' | b'#' | b'\\' | 0x80..) => {
                self.word(fresh, after_dot);
            }
            _ => self.operator(byte),
        }
    }

    fn closed(&mut self, bracket: u8) {
        let opened = self.close();
        if bracket == b'}' && opened.open == b'$' {
            return self.template();
        }
        self.slash = opened.then;
        self.after_brace = bracket == b'}';
    }

    fn operator(&mut self, byte: u8) {
        self.step();
        match byte {
            // `=`, `==`, `=>`, conditional, label, prefix operators: the right side descends again.
            b'=' | b'?' | b':' | b'!' | b'~' | b'*' => self.cost(DESCENT_BYTES),
            b'+' | b'-' if self.slash != Slash::Divides => self.cost(DESCENT_BYTES),
            _ => self.cost(LINK_BYTES),
        }
        let before = self.at.checked_sub(2).map_or(0, |at| self.code[at]);
        self.after_dot = byte == b'.' && before != b'.' && self.peek(0) != b'.';
        // `a++ / b` divides; `++/b/.c` does not.
        let doubled = matches!(byte, b'+' | b'-') && before == byte;
        self.slash = if doubled { Slash::Either } else { Slash::Begins };
    }

    /// A number: it may have a dot, after which it goes on. What else belongs to it costs nothing.
    fn number(&mut self) {
        let start = self.at;
        self.skip_name();
        let is_decimal = self.code[start..self.at].iter().all(|byte| byte.is_ascii_digit() || *byte == b'_');
        if is_decimal && self.peek(0) == b'.' {
            self.at += 1;
            self.skip_name();
        }
        self.slash = Slash::Divides;
    }

    fn skip_name(&mut self) {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\' | 0x80..);
        // Line ends are bytes above 0x7f, too.
        while is_part(self.peek(0)) && self.line_end() == 0 {
            self.at += 1;
        }
    }

    /// `fresh`: the word stands after a block, or on a new line after a value. `member`: it stands after a dot.
    fn word(&mut self, fresh: bool, member: bool) {
        let start = self.at;
        self.skip_name();
        let word = &self.code[start..self.at];
        if member {
            self.slash = Slash::Divides;
            self.head_next = false;
            return;
        }
        if fresh && !CONTINUATIONS.contains(&word) {
            self.boundary();
        }
        let nests = NESTING_WORDS.contains(&word);
        self.cost(if nests { DESCENT_BYTES } else { 0 });
        self.head_next = HEADS.contains(&word) || self.head_next && word == b"await";
        self.slash = match word {
            _ if BEFORE_EXPRESSION.contains(&word) => Slash::Begins,
            _ if NAMES_TOO.contains(&word) => Slash::Either,
            _ => Slash::Divides,
        };
    }

    fn string(&mut self, quote: u8) {
        self.step();
        while !self.is_over() && !matches!(self.peek(0), b'\n' | b'\r') && self.peek(0) != quote {
            if self.peek(0) == b'\\' {
                self.step();
                // A line that ends in CR LF ends once.
                if (self.peek(0), self.peek(1)) == (b'\r', b'\n') {
                    self.step();
                }
            }
            self.step();
        }
        if self.peek(0) == quote {
            self.step();
        }
        self.slash = Slash::Divides;
    }

    /// Reads a template's text up to its end or the next substitution.
    fn template(&mut self) {
        while self.at < self.code.len() {
            match (self.peek(0), self.peek(1)) {
                (b'`', _) => {
                    self.step();
                    self.slash = Slash::Divides;
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

    /// Whether a regular expression that begins here also ends, on its line.
    fn is_pattern(&self) -> bool {
        let mut ahead = self.clone();
        ahead.regular_expression();
        ahead.code.get(ahead.at.wrapping_sub(1)) == Some(&b'/') && ahead.at > self.at + 1
    }

    fn regular_expression(&mut self) {
        self.step();
        let mut in_class = false;
        while !self.is_over() && self.line_end() == 0 && (in_class || self.peek(0) != b'/') {
            match self.peek(0) {
                b'\\' if self.peek(1) != b'\n' && self.peek(1) != b'\r' => self.at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                // Groups recurse in the regular expression's own parser.
                b'(' => self.cost(LINK_BYTES),
                _ => {}
            }
            self.step();
        }
        if self.peek(0) == b'/' && !self.is_over() {
            self.step();
        }
        self.slash = Slash::Divides;
    }
}
