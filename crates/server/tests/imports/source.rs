//! Reads Rust sources as far as the import table needs it: which paths they name, which texts they
//! quote. Comments are gone, strings are told apart from code; macros are read like other code.

/// What a source file names, outside its tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// Paths into the crate itself, from its root: `crate::http::page` is `["http", "page"]`.
    pub(crate) inside: Vec<Mention<Vec<String>>>,
    /// First segments of all other paths: names of libraries, and of what is imported already.
    pub(crate) outside: Vec<Mention<String>>,
    /// String literals, as written between the quotes.
    pub(crate) texts: Vec<Mention<String>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mention<T> {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: T,
}

/// Reads the source of `module` (its path from the crate root, empty for `main.rs` and `lib.rs`). What
/// stands in an inline `mod tests` is left out: a test may reach for whatever sets its scene.
pub(crate) fn read(module: &[String], source: &str) -> Mentions {
    let tokens = tokens(source);
    let mut reader = Reader {
        tokens: &tokens,
        module: module.to_vec(),
        inline: Vec::new(),
        depth: 0,
        mentions: Mentions::default(),
    };
    reader.run();
    reader.mentions
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    Text(String),
    /// `::`
    Separator,
    Sign(char),
}

#[derive(Debug)]
struct Token {
    line: usize,
    kind: Kind,
}

fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while at < chars.len() {
        let (kind, end) = token(&chars, at);
        if let Some(kind) = kind {
            tokens.push(Token { line, kind });
        }
        line += chars[at..end].iter().filter(|&&c| c == '\n').count();
        at = end;
    }
    tokens
}

/// The token that begins at `at`, `None` for space and comments, and where the next one begins.
fn token(chars: &[char], at: usize) -> (Option<Kind>, usize) {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => (None, find(chars, at, |rest| rest[0] == '\n')),
        '/' if next == Some('*') => (None, block_comment_end(chars, at)),
        '"' => text(chars, at + 1),
        '\'' => (None, after_quote(chars, at)),
        ':' if next == Some(':') => (Some(Kind::Separator), at + 2),
        c if c.is_alphanumeric() || c == '_' => word(chars, at),
        c if c.is_whitespace() => (None, at + 1),
        c => (Some(Kind::Sign(c)), at + 1),
    }
}

fn find(chars: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len())
        .find(|&at| found(&chars[at..]))
        .unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < chars.len() {
        if chars[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if chars[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// A word, or the raw or byte string that it is the prefix of.
fn word(chars: &[char], at: usize) -> (Option<Kind>, usize) {
    let end = find(chars, at, |rest| {
        !(rest[0].is_alphanumeric() || rest[0] == '_')
    });
    let word: String = chars[at..end].iter().collect();
    let quote = find(chars, end, |rest| rest[0] != '#');
    let quoted = chars.get(quote) == Some(&'"');
    match word.as_str() {
        "b" | "c" if quoted && quote == end => text(chars, quote + 1),
        "r" | "br" | "cr" if quoted => raw_text(chars, quote + 1, quote - end),
        _ => (Some(Kind::Word(word)), end),
    }
}

fn text(chars: &[char], start: usize) -> (Option<Kind>, usize) {
    let mut end = start;
    while end < chars.len() && chars[end] != '"' {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    let end = end.min(chars.len());
    let text = chars[start..end].iter().collect();
    (Some(Kind::Text(text)), (end + 1).min(chars.len()))
}

fn raw_text(chars: &[char], start: usize, hashes: usize) -> (Option<Kind>, usize) {
    let mut closing = vec!['"'];
    closing.resize(hashes + 1, '#');
    let end = find(chars, start, |rest| rest.starts_with(&closing));
    let text = chars[start..end].iter().collect();
    (
        Some(Kind::Text(text)),
        (end + closing.len()).min(chars.len()),
    )
}

/// The end of a character literal, or of the quote of a lifetime.
fn after_quote(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), Some(_)) => (find(chars, at + 3, |rest| rest[0] == '\'') + 1).min(chars.len()),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    /// The module being read, with the inline modules around the present token.
    module: Vec<String>,
    /// For each inline module, how deep in braces it began.
    inline: Vec<usize>,
    depth: usize,
    mentions: Mentions,
}

impl Reader<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            at = self.step(at);
        }
    }

    /// Reads what begins at `at` and returns where the next thing begins.
    fn step(&mut self, at: usize) -> usize {
        let token = &self.tokens[at];
        match &token.kind {
            Kind::Sign('{') => self.depth += 1,
            Kind::Sign('}') => {
                self.depth = self.depth.saturating_sub(1);
                if self.inline.last() == Some(&self.depth) {
                    self.inline.pop();
                    self.module.pop();
                }
            }
            Kind::Text(text) if !self.in_tests() => {
                let what = text.clone();
                self.mentions.texts.push(Mention {
                    line: token.line,
                    what,
                });
            }
            Kind::Word(word) if word == "mod" => {
                if let (Some(Kind::Word(name)), Some(Kind::Sign('{'))) =
                    (self.kind(at + 1), self.kind(at + 2))
                {
                    let name = name.clone();
                    self.module.push(name);
                    self.inline.push(self.depth);
                }
            }
            Kind::Word(_) if self.kind(at + 1) == Some(&Kind::Separator) => {
                return self.path(at, Vec::new());
            }
            _ => {}
        }
        at + 1
    }

    fn kind(&self, at: usize) -> Option<&Kind> {
        self.tokens.get(at).map(|token| &token.kind)
    }

    fn in_tests(&self) -> bool {
        !self.inline.is_empty() && self.module.iter().any(|name| name == "tests")
    }

    /// Reads one path, or a tree of them in braces, that goes on from `prefix`.
    fn path(&mut self, mut at: usize, mut prefix: Vec<String>) -> usize {
        let line = self.tokens[at].line;
        while let Some(Kind::Word(word)) = self.kind(at) {
            prefix.push(word.clone());
            at += 1;
            if self.kind(at) != Some(&Kind::Separator) {
                break;
            }
            at += 1;
        }
        if self.kind(at) == Some(&Kind::Sign('{')) && self.kind(at - 1) == Some(&Kind::Separator) {
            return self.group(at + 1, &prefix);
        }
        self.note(line, prefix);
        at
    }

    fn group(&mut self, mut at: usize, prefix: &[String]) -> usize {
        loop {
            match self.kind(at) {
                None => return at,
                Some(Kind::Sign('}')) => return at + 1,
                Some(Kind::Word(word)) if word == "as" => at += 2,
                Some(Kind::Word(_)) => at = self.path(at, prefix.to_vec()),
                Some(_) => at += 1,
            }
        }
    }

    fn note(&mut self, line: usize, path: Vec<String>) {
        if self.in_tests() {
            return;
        }
        let climbs = path.iter().take_while(|word| *word == "super").count();
        let mut rest = path.clone().into_iter();
        let base = match path.first().map(String::as_str) {
            Some("crate") => {
                rest.next();
                Vec::new()
            }
            Some("self") => {
                rest.next();
                self.module.clone()
            }
            Some("super") => {
                rest.nth(climbs - 1);
                let kept = self.module.len().saturating_sub(climbs);
                self.module[..kept].to_vec()
            }
            _ => {
                if let Some(what) = rest.next() {
                    self.mentions.outside.push(Mention { line, what });
                }
                return;
            }
        };
        let what = base.into_iter().chain(rest).collect();
        self.mentions.inside.push(Mention { line, what });
    }
}
