//! Who hears of what was committed.

use std::fmt;
use std::sync::OnceLock;

use orderchat_domain::news::News;

type Hear = Box<dyn Fn(Vec<News>) + Send + Sync>;

/// Nobody at first.
#[derive(Default)]
pub(crate) struct Hearers(OnceLock<Hear>);

impl Hearers {
    /// `false` when somebody hears already.
    pub(crate) fn set(&self, hear: Hear) -> bool {
        self.0.set(hear).is_ok()
    }

    pub(crate) fn hear(&self, news: Vec<News>) {
        if let Some(hear) = self.0.get()
            && !news.is_empty()
        {
            hear(news);
        }
    }
}

impl fmt::Debug for Hearers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hearers")
            .field(&self.0.get().is_some())
            .finish()
    }
}
