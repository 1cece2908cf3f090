//! X.509 certificates, as far as they say what the key beside them is good for: a name, groups, an end. Nothing of a
//! certificate is secret, and no signature is tried.

use data_encoding::BASE64;

use super::clock;
use super::der::{Reader, SEQUENCE, only_sequence};

const VERSION: u8 = 0xa0;
const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The subject's common name.
    pub name: String,
    /// The subject's organizations; Kubernetes takes them for groups.
    pub groups: Vec<String>,
    /// When it ends, in seconds since 1970.
    pub ends: i64,
    /// The same as text.
    pub end: String,
}

/// Reads the first certificate of a PEM text.
pub fn certificate(pem: &[u8]) -> Option<Certificate> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: Vec<u8> = body.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let der = BASE64.decode(&body).ok()?;
    let mut fields = only_sequence(&der)?.sequence()?;
    let _ = fields.read(VERSION);
    fields.integer()?;
    fields.read(SEQUENCE)?;
    fields.read(SEQUENCE)?;
    let mut validity = fields.sequence()?;
    validity.any()?;
    let ends = moment(validity.any()?)?;
    let mut subject = fields.sequence()?;
    let mut names = Vec::new();
    while let Some(set) = subject.read(SET) {
        let mut part = Reader(set).sequence()?;
        let (oid, (_, text)) = (part.read(super::der::OID)?, part.any()?);
        names.push((oid, String::from_utf8_lossy(text).into_owned()));
    }
    let of = |wanted: &[u8]| names.iter().filter(|(oid, _)| *oid == wanted).map(|(_, text)| text.clone()).collect::<Vec<_>>();
    let name = of(COMMON_NAME).into_iter().next().unwrap_or_default();
    Some(Certificate { name, groups: of(ORGANIZATION), ends, end: clock::date(ends) })
}

/// `YYMMDDHHMMSSZ`, years from 50 on of the last century, or with all four digits of the year.
fn moment((tag, bytes): (u8, &[u8])) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())?;
    let whole = if tag == UTC_TIME { format!("{}{text}", if text >= "50" { "19" } else { "20" }) } else { text.to_owned() };
    clock::compact(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_groups_and_end_are_read() {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "system:masters");
        params.distinguished_name.push(rcgen::DnType::CommonName, "lake-admin");
        params.not_after = rcgen::date_time_ymd(2031, 2, 3);
        let pem = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
        let read = certificate(pem.as_bytes()).unwrap();
        assert_eq!((read.name.as_str(), &read.groups[..]), ("lake-admin", &["system:masters".to_owned()][..]));
        assert_eq!(read.end, "2031-02-03T00:00:00Z");
        for cut in [0, 20, pem.len() / 2, pem.len() - 30] {
            assert_eq!(certificate(&pem.as_bytes()[..cut]), None);
        }
        assert_eq!(certificate(pem.replace("MII", "MIJ").as_bytes()), None);
    }

    #[test]
    fn both_ways_to_write_a_date() {
        assert_eq!(moment((UTC_TIME, b"490102030405Z")), clock::seconds("2049-01-02T03:04:05Z"));
        assert_eq!(moment((UTC_TIME, b"500102030405Z")), clock::seconds("1950-01-02T03:04:05Z"));
        assert_eq!(moment((0x18, b"20510102030405Z")), clock::seconds("2051-01-02T03:04:05Z"));
        assert_eq!(moment((UTC_TIME, b"49")), None);
    }
}
