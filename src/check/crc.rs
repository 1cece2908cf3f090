//! Tokens that end in a CRC-32 of what stands before. Providers differ only in the layout: what the sum
//! covers, how it is written, and whether a separator stands before it. One primitive serves them all.

use std::borrow::Cow;

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

use super::radix::{self, BASE62, BASE62_LOWER_FIRST};
use super::{BROKEN, Entry, Proof, Subject, Verdict, from_prefix, last_token};

pub(super) const TABLE: &[Entry] = &[
    Entry::new("crc32-base62", |s| BASE62_BODY.check(s)).completed(|t| BASE62_BODY.complete(t)),
    Entry::new("crc32-grafana", |s| GRAFANA.check(s)).completed(|t| GRAFANA.complete(t)),
    Entry::new("crc32-cloudflare", |s| CLOUDFLARE.check(s)).completed(|t| CLOUDFLARE.complete(t)),
    Entry::new("crc32-atlassian", atlassian).completed(|t| ATLASSIAN.complete(t)),
    Entry::new("crc32-zuplo", |s| ZUPLO.check(s)).completed(|t| ZUPLO.complete(t)),
    Entry::new("crc32-confluent", |s| CONFLUENT.check(s)).completed(|t| CONFLUENT.complete(t)),
    Entry::new("crc32-apify", |s| APIFY.check(s)).completed(|t| APIFY.complete(t)),
    Entry::new("crc32-packagist", |s| PACKAGIST.check(s)).completed(|t| PACKAGIST.complete(t)),
];

/// What of a token its sum leaves out.
enum Uncovered {
    Nothing,
    /// The prefix, up to the last `_`.
    Prefix,
    /// The prefix, this long.
    First(usize),
}

enum Encoding {
    Base62,
    Base62LowerFirst,
    Hex,
    UpperHex,
    HexLittleEndian,
    Base64LittleEndian,
}

struct Layout {
    /// What such tokens begin with, where other text can hold their separators.
    prefixes: &'static [&'static str],
    uncovered: Uncovered,
    encoding: Encoding,
    width: usize,
    separator: Option<char>,
}

/// GitHub's classic tokens, npm, Vercel, Polar, SaladCloud and others after GitHub's model.
const BASE62_BODY: Layout = Layout { prefixes: &[], uncovered: Uncovered::Prefix, encoding: Encoding::Base62, width: 6, separator: None };
const GRAFANA: Layout =
    Layout { prefixes: &["glsa_"], uncovered: Uncovered::Nothing, encoding: Encoding::HexLittleEndian, width: 8, separator: Some('_') };
const CLOUDFLARE: Layout = Layout { encoding: Encoding::Hex, width: 8, ..BASE62_BODY };
const ATLASSIAN: Layout = Layout {
    prefixes: &["ATATT3", "ATCTT3", "ATBB", "ATTA"],
    uncovered: Uncovered::Nothing,
    encoding: Encoding::UpperHex,
    width: 8,
    separator: None,
};
const ZUPLO: Layout = Layout { encoding: Encoding::Hex, width: 8, separator: Some('_'), ..BASE62_BODY };
const CONFLUENT: Layout =
    Layout { prefixes: &["cflt"], uncovered: Uncovered::First(4), encoding: Encoding::Base64LittleEndian, ..BASE62_BODY };
const APIFY: Layout = Layout { uncovered: Uncovered::Nothing, encoding: Encoding::Base62LowerFirst, ..BASE62_BODY };
const PACKAGIST: Layout = Layout { uncovered: Uncovered::Nothing, encoding: Encoding::Hex, width: 8, ..BASE62_BODY };

impl Layout {
    fn check(&self, subject: &Subject<'_>) -> Proof {
        let text = unescaped(subject.text());
        let Some((head, sum)) = text.len().checked_sub(self.width).and_then(|at| text.split_at_checked(at)) else {
            return Verdict::Failed("too short to hold its checksum").into();
        };
        let head = self.separator.map_or(Some(head), |separator| head.strip_suffix(separator));
        match head.and_then(|head| self.sum(head)) {
            Some(right) if right == sum => Verdict::Proved.into(),
            Some(right) if matches!(self.encoding, Encoding::HexLittleEndian) && right.eq_ignore_ascii_case(sum) => Verdict::Proved.into(),
            _ => BROKEN.into(),
        }
    }

    fn complete(&self, text: &str) -> Option<String> {
        let head = if self.prefixes.is_empty() { last_token(text) } else { from_prefix(text, self.prefixes)? };
        match self.separator {
            None => self.sum(head),
            Some(separator) => match head.strip_suffix(separator) {
                Some(head) => self.sum(head),
                None => Some(format!("{separator}{}", self.sum(head)?)),
            },
        }
    }

    /// The sum of a token as this layout writes it; nothing where there is too little to sum.
    fn sum(&self, head: &str) -> Option<String> {
        let covered = match self.uncovered {
            Uncovered::Nothing => head,
            Uncovered::Prefix => head.rsplit_once('_')?.1,
            Uncovered::First(n) => head.get(n..)?,
        };
        if covered.len() < 16 {
            return None;
        }
        let crc = libdeflater::crc32(covered.as_bytes());
        Some(match self.encoding {
            Encoding::Base62 => radix::digits(crc.into(), BASE62, self.width),
            Encoding::Base62LowerFirst => radix::digits(crc.into(), BASE62_LOWER_FIRST, self.width),
            Encoding::Hex => HEXLOWER.encode(&crc.to_be_bytes()),
            Encoding::UpperHex => HEXUPPER.encode(&crc.to_be_bytes()),
            Encoding::HexLittleEndian => HEXLOWER.encode(&crc.to_le_bytes()),
            Encoding::Base64LittleEndian => BASE64.encode(&crc.to_le_bytes())[..self.width].to_owned(),
        })
    }
}

/// Trello's tokens look like the rest of the family, but no genuine one was at hand to prove the sum.
fn atlassian(subject: &Subject<'_>) -> Proof {
    let proof = ATLASSIAN.check(subject);
    if subject.secret.starts_with(b"ATTA") && proof.verdict == BROKEN { Verdict::Plausible.into() } else { proof }
}

/// A sum may cover a `=` that stands escaped in a URL, a properties file or JSON.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '\\']) {
        return Cow::Borrowed(text);
    }
    let escapes = ["%3D", "%3d", "\\u003d", "\\u003D", "\\="];
    Cow::Owned(escapes.iter().fold(text.to_owned(), |text, escape| text.replace(escape, "=")))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, failed, verdict};
    use super::*;

    /// Prefix, body and sum of vectors that others published or that were made from a hash.
    const VECTORS: &[(&str, &str, &str, &str)] = &[
        ("crc32-base62", "ghp_", "sbUsUmRNn8X74dFU0DJ9Fm1mvdCgtH", "474T38"),
        ("crc32-base62", "gho_", "vr0nUtGPA6FMaUb56n4uJwJAoWuVfV", "4OdycX"),
        ("crc32-base62", "ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"),
        ("crc32-base62", "ghp_", "yOzFjX7Eydj2mFPk54hYtW4Q9lHYuU", "0B05UY"),
        ("crc32-base62", "ghr_", "IW4k4JxcKK2YoTxDeZ0OSYz54ERbHPovYadEfEWyTIzRmqVnQZ0wIqiaZWJFHo5nZSZMb5", "0VH2Dp"),
        ("crc32-base62", "npm_", "qkJaB6MffYVzZXWqmcoF49yrUxP3wf", "0LsakP"),
        ("crc32-base62", "vcp_", "sMMzBLiHqoA4I7vwCvYmUtUFN8vZo8pMNpwiaqEHklVbPvnC0A", "1XsXbp"),
        ("crc32-base62", "salad_cloud_user_", "DR2mpmtl8gtBOHtuwi79m0SOAT0GWr2gOjLJvRhnOE8", "0HvxaJ"),
        ("crc32-base62", "polar_oat_", "0h4a2D0nnMn8jCcQKZJ4BeLasw1CHqhMTR10g", "1SyTec"),
        ("crc32-cloudflare", "cfut_", concat!("o05zJzvjuYIAytVYUGhz", "uGlGnuxbKDINWqnVk6mP"), "560d0f24"),
        ("crc32-grafana", "glsa_", "HOruNAb7SOiCdshU9algkrq7FDsNSLAa", "_54e2f8be"),
        ("crc32-grafana", "glsa_", "DuMmY-T0K3N-f0R-tHe-Te5t-CRC32Ok", "_770c8cda"),
        ("crc32-grafana", "glsa_", "DuMmY-T0K3N-f0R-tHe-Te5t-CRC32Ok", "_770C8CDA"),
        ("crc32-atlassian", "ATBB", "X2uSBJjGCTG6kjmoF5QvQLRu", "07B071BE"),
        ("crc32-zuplo", "zpka_", "3e6c4f7d39954ca29353b7ab88589b64", "_de26cd55"),
        ("crc32-confluent", "cflt", "b8rqQai9Pf0POJyr0BNg3fXZmo20C/g+VLWgCN+BupYTuM26Tc8rAE", "afIFeQ"),
        ("crc32-apify", "apify_api_", "vqDvMiz5y8KX1FC5qwdBObuRd2gFrd", "23ORrq"),
        ("crc32-packagist", "packagist_ort_", "2185cec9c201fec1c638a3d34acaccfe6d0fae6e19265dc089c415fab19e", "bb0c0339"),
    ];

    const LONG_ATLASSIAN: &str = "pYWH5s4sQ9uBgJfTFti1YcCFwIwWmf-vcNkDq5Gq0PFhVJVuvhsgQRj5ZsLQylOkn5eyvo2n5HDlY_OPRZjbLmg_NxrT7xzNJsDO5wE0B5j1HuECe3jmLxp-DxQAOBiPsgIeJVhmOv8-L811Y0JrXX2YZlO3A-Vmqt4w0bu2_Xr";

    #[test]
    fn published_sums_hold_and_altered_tokens_fail() {
        for (name, prefix, body, sum) in VECTORS {
            let token = [*prefix, body, sum].concat();
            assert_eq!(verdict(name, &token), Verdict::Proved, "{name} {prefix}");
            assert!(failed(name, altered(&token, prefix.len() + 3)), "{name} {prefix}");
            assert!(failed(name, &token[..token.len() - 1]), "{name} {prefix}");
        }
    }

    #[test]
    fn an_escaped_separator_is_undone() {
        for separator in ["=", "%3D", "\\=", "\\u003d"] {
            let token = ["ATATT3xFfGF0", LONG_ATLASSIAN, separator, "BEB006AC"].concat();
            assert_eq!(verdict("crc32-atlassian", &token), Verdict::Proved);
        }
    }

    #[test]
    fn what_is_not_sure_is_not_failed() {
        assert_eq!(verdict("crc32-atlassian", ["ATTA", &"0a".repeat(36)].concat()), Verdict::Plausible);
        assert!(failed("crc32-base62", "ghp_short"));
        assert!(failed("crc32-base62", ""));
    }
}
