//! Numbers and bytes in the alphabets that tokens use: base62, base36, base64, base32, base58. Plain
//! arithmetic; it knows no token.

/// Digits, upper case, lower case.
pub(super) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits, lower case, upper case.
pub(super) const BASE62_LOWER_FIRST: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Digits, lower case.
pub(super) const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The number in that alphabet, most significant digit first, padded on the left to `width`.
pub(super) fn digits(mut number: u64, alphabet: &[u8], width: usize) -> String {
    let base = alphabet.len() as u64;
    let mut out = Vec::new();
    while number > 0 || out.len() < width {
        out.push(alphabet[(number % base) as usize]);
        number /= base;
    }
    out.iter().rev().map(|&b| char::from(b)).collect()
}

/// The number that base-36 digits of either case stand for.
pub(super) fn from_base36(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| u64::from_str_radix(text, 36).ok())?
}

/// The six bits of a base64 digit, of the standard or the URL alphabet.
pub(super) fn base64_digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// The five bits of a base32 digit, in either case.
pub(super) fn base32_digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a',
        b'2'..=b'7' => byte - b'2' + 26,
        _ => return None,
    })
}

/// Bytes from base64 of either alphabet, padded or not. Only what an encoder would write: spare bits are zero.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take(3).take_while(|&&b| b == b'=').count();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    canonical(&text[..text.len() - padding], 6, base64_digit)
}

/// Bytes from unpadded base32 of either case, spare bits zero.
pub(super) fn base32(text: &[u8]) -> Option<Vec<u8>> {
    canonical(text, 5, base32_digit)
}

fn canonical(text: &[u8], width: u32, digit: fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut held, mut bits) = (0u32, 0);
    for &byte in text {
        held = (held << width) | u32::from(digit(byte)?);
        bits += width;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (bits < width && held == 0).then_some(out)
}

/// Bytes from base58, leading `1`s as zero bytes. At most 256 digits.
pub(super) fn base58(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 256 {
        return None;
    }
    let mut out: Vec<u8> = Vec::new();
    for byte in text {
        let mut carry = BASE58.iter().position(|b| b == byte)?;
        for place in &mut out {
            carry += usize::from(*place) * 58;
            *place = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            out.push(carry as u8);
            carry >>= 8;
        }
    }
    out.extend(text.iter().take_while(|&&b| b == b'1').map(|_| 0));
    out.reverse();
    Some(out)
}

/// Base58 of bytes.
pub(super) fn to_base58(bytes: &[u8]) -> String {
    let mut out: Vec<u8> = Vec::new();
    for &byte in bytes {
        let mut carry = usize::from(byte);
        for place in &mut out {
            carry += usize::from(*place) << 8;
            *place = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            out.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    out.extend(bytes.iter().take_while(|&&b| b == 0).map(|_| 0));
    out.iter().rev().map(|&d| char::from(BASE58[usize::from(d)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_padded_on_the_left() {
        assert_eq!(digits(0, BASE62, 6), "000000");
        assert_eq!(digits(61, BASE62, 2), "0z");
        assert_eq!(digits(u64::from(u32::MAX), BASE62, 6), "4gfFC3");
        assert_eq!(from_base36("10"), Some(36));
        assert_eq!(from_base36("+1"), None);
    }

    #[test]
    fn only_what_an_encoder_writes_is_decoded() {
        assert_eq!(base64(b"TWE="), Some(b"Ma".to_vec()));
        assert_eq!(base64(b"TWE"), Some(b"Ma".to_vec()));
        assert_eq!(base64(b"TWF"), None);
        assert_eq!(base64(b"TW===="), None);
        assert_eq!(base64(b"A"), None);
        assert_eq!(base64(b"-_-_"), base64(b"+/+/"));
        assert_eq!(base32(b"me"), Some(vec![97]));
        assert_eq!(base32(b"mf"), None);
    }

    #[test]
    fn base58_goes_both_ways() {
        for bytes in [&[0u8, 0, 1, 255][..], b"hello", &[0x80; 33]] {
            assert_eq!(base58(to_base58(bytes).as_bytes()).as_deref(), Some(bytes));
        }
        assert_eq!(base58(b"0OIl"), None);
    }
}
