// Is no JavaScript at all.
// The parser.
\u{7f}ELF\u{2} is no script
