//! Words that say something of a whole content: that it holds markers, or that it is encrypted. They are found along
//! with the rules' keywords, so that no content is searched once more for them. It does not know what each leads to.

/// One of the words. Letter case matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// In every marker of that kind.
    Allow,
    /// The same.
    Ignore,
    /// The same.
    Allowlist,
    /// Begins each value that SOPS has encrypted.
    Sops,
    /// In each manifest of a sealed secret.
    Sealed,
}

impl Sign {
    /// Every sign.
    pub const ALL: [Self; 5] = [Self::Allow, Self::Ignore, Self::Allowlist, Self::Sops, Self::Sealed];

    /// The word: no longer than what the prefilter compares at once.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Allow => ":allow",
            Self::Ignore => ":ignore",
            Self::Allowlist => "allowlist",
            Self::Sops => "ENC[AES256_G",
            Self::Sealed => "SealedSecret",
        }
    }

    /// Where each stands in the text; for those who have not searched it.
    #[cfg(test)]
    pub fn all_in(text: &[u8]) -> Vec<(Self, usize)> {
        let of = |sign: Self| memchr::memmem::find_iter(text, sign.text()).map(move |at| (sign, at)).collect::<Vec<_>>();
        Self::ALL.into_iter().flat_map(of).collect()
    }
}
