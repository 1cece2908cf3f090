//! Microsoft's watermarked keys of the first generation, Entra client secrets and old Azure DevOps tokens:
//! a signature says the product, and the seed with which the checksum holds often says the right.

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL};

use super::marvin::{hash32, seed};
use super::{BROKEN, Entry, Proof, Subject, Verdict, last_token, radix, sample};

pub(super) const TABLE: &[Entry] = &[
    Entry::new("azure-his", identifiable).completed(complete_identifiable),
    Entry::new("entra-secret", entra).completed(complete_entra),
    Entry::new("azure-devops-legacy", devops).completed(complete_devops),
];

struct Product {
    name: &'static str,
    /// Bytes of a key, with its checksum.
    bytes: usize,
    signature: &'static str,
    /// Seeds, each with the right that it stands for.
    seeds: &'static [(&'static [u8; 8], &'static str)],
}

const BUS: &[(&[u8; 8], &str)] =
    &[(b"Send0000", "send"), (b"Listen00", "listen"), (b"Manage00", "manage"), (b"System00", "system"), (b"Unknown0", "")];
const COSMOS: &[(&[u8; 8], &str)] = &[
    (b"MastRW00", "read and write"),
    (b"MastRO00", "read only"),
    (b"Encryp00", "encryption"),
    (b"SysAll00", "system"),
    (b"Resour00", "resource"),
    (b"SystRO00", "system, read only"),
    (b"SystRW00", "system, read and write"),
];
const MANAGEMENT: &[(&[u8; 8], &str)] =
    &[(b"Tenant00", "direct management"), (b"IoTHub00", "subscription"), (b"Gatewy00", "gateway"), (b"GitKey00", "git")];

const PRODUCTS: &[Product] = &[
    Product { name: "Azure Storage account", bytes: 64, signature: "+ASt", seeds: &[(b"Default0", "")] },
    Product { name: "Azure Cosmos DB", bytes: 64, signature: "ACDb", seeds: COSMOS },
    Product { name: "Azure Batch", bytes: 64, signature: "+ABa", seeds: &[(b"AbAcct00", "")] },
    Product { name: "Azure Machine Learning (classic)", bytes: 64, signature: "+AMC", seeds: &[(b"Classic0", "")] },
    Product { name: "Azure API Management", bytes: 64, signature: "APIM", seeds: MANAGEMENT },
    Product { name: "Azure Service Bus", bytes: 32, signature: "+ASb", seeds: BUS },
    Product { name: "Azure Event Hubs", bytes: 32, signature: "+AEh", seeds: BUS },
    Product { name: "Azure Relay", bytes: 32, signature: "+ARm", seeds: BUS },
    Product {
        name: "Azure IoT",
        bytes: 32,
        signature: "AIoT",
        seeds: &[(b"IoTHub00", "hub"), (b"DpsKey00", "provisioning"), (b"Device00", "device")],
    },
    Product { name: "Azure Cache for Redis", bytes: 32, signature: REDIS, seeds: &[(b"Access00", "")] },
    Product { name: "Azure Event Grid", bytes: 32, signature: "AZEG", seeds: &[(b"Default0", "")] },
    Product { name: "Azure Container Registry", bytes: 39, signature: "+ACR", seeds: &[(b"ACRDflt0", "")] },
    Product { name: "Azure AI Search", bytes: 39, signature: "AzSe", seeds: &[(b"Query000", "query"), (b"PAdmin00", "admin")] },
    Product {
        name: "Azure Functions",
        bytes: 40,
        signature: FUNCTIONS,
        seeds: &[(b"Functi00", "function"), (b"Master00", "master"), (b"System00", "system")],
    },
];

/// Redis keys have letters put for `+` and `/` after the checksum was made.
const REDIS: &str = "AzCa";
/// The keys of Functions are base64url.
const FUNCTIONS: &str = "AzFu";

impl Product {
    /// Characters before the checksum's: body and signature.
    fn head(&self) -> usize {
        (self.bytes * 4).div_ceil(3) - 6
    }

    /// The key's last characters that the body and this seed ask for.
    fn tail(&self, head: &str, extra: u8, name: &[u8; 8]) -> Option<String> {
        let standard = head.replace('-', "+").replace('_', "/");
        let padded = format!("{standard}{}", "A".repeat((4 - standard.len() % 4) % 4));
        let mut bytes = BASE64.decode(padded.as_bytes()).ok()?;
        bytes.resize(self.bytes - 4, 0);
        // The last byte that is hashed reaches into the characters after the signature.
        *bytes.last_mut()? |= extra;
        let sum = hash32(&bytes, seed(name));
        bytes.extend(sum.to_le_bytes());
        let whole = if self.signature == FUNCTIONS { BASE64URL.encode(&bytes) } else { BASE64.encode(&bytes) };
        Some(whole[head.len()..].to_owned())
    }
}

fn identifiable(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    let bare = text.trim_end_matches('=');
    let Some(product) =
        PRODUCTS.iter().find(|p| bare.get(p.head()..).is_some_and(|t| t.len() == 6) && bare[..p.head()].ends_with(p.signature))
    else {
        return Verdict::Plausible.into();
    };
    let proof = |verdict: Verdict| Proof::from(verdict).fact("product", product.name);
    let (head, sum) = bare.split_at(product.head());
    // Bits of the last hashed byte that stand in the checksum's characters.
    let spare = (8 * (product.bytes - 4)).saturating_sub(6 * head.len());
    for extra in 0..1u8 << spare.min(4) {
        for (name, right) in product.seeds {
            let right_sum = product.tail(head, extra, name);
            let same = right_sum.is_some_and(|right| {
                let right = right.trim_end_matches('=');
                right == sum || (product.signature == REDIS && right.replace('+', "P").replace('/', "F") == sum)
            });
            if same {
                return proof(Verdict::Proved).maybe("right", (!right.is_empty()).then_some(*right));
            }
        }
    }
    // Where a letter stands for a sign in the body, the body that was hashed cannot be had back.
    if product.signature == REDIS { proof(Verdict::Plausible) } else { proof(BROKEN) }
}

fn complete_identifiable(text: &str) -> Option<String> {
    let product = PRODUCTS.iter().find(|p| text.ends_with(p.signature) && text.len() >= p.head())?;
    product.tail(text.get(text.len() - product.head()..)?, 0, product.seeds[0].0)
}

const ENTRA_ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";
const ENTRA_HEAD: usize = 37;

fn entra(subject: &Subject<'_>) -> Proof {
    let text = subject.text();
    if !text.is_ascii() || text.get(3..6) != Some("8Q~") {
        // The generation before (`7Q~`) has no checksum.
        return Verdict::Plausible.into();
    }
    let Some((head, sum)) = text.split_at_checked(ENTRA_HEAD) else { return BROKEN.into() };
    if sum == entra_sum(head) { Verdict::Proved.into() } else { BROKEN.into() }
}

fn entra_sum(head: &str) -> String {
    radix::digits(hash32(head.as_bytes(), seed(b"AadPwd00")).into(), ENTRA_ALPHABET, 6)[..3].to_owned()
}

fn complete_entra(text: &str) -> Option<String> {
    let head = text.is_ascii().then(|| text.get(text.len().checked_sub(ENTRA_HEAD)?..))??;
    (&head[3..6] == "8Q~").then(|| entra_sum(head))
}

/// What the checksum of an old Azure DevOps token is combined with: a user's, an application's.
const DEVOPS_KINDS: &[(u32, &str)] = &[(0xe0b9_692d, "user token"), (0x1019_f92e, "application token")];

fn devops(subject: &Subject<'_>) -> Proof {
    let Some(bytes) = radix::base32(subject.secret).filter(|bytes| bytes.len() == 32) else { return BROKEN.into() };
    let stored = u32::from_le_bytes([bytes[22], bytes[8], bytes[7], bytes[2]]);
    match DEVOPS_KINDS.iter().find(|(mask, _)| devops_sum(&bytes) ^ mask == stored) {
        Some((_, kind)) => Proof::from(Verdict::Proved).fact("type", *kind),
        None => BROKEN.into(),
    }
}

fn devops_sum(bytes: &[u8]) -> u32 {
    libdeflater::crc32(&[&bytes[..2], &bytes[3..7], &bytes[9..22], &bytes[23..32]].concat())
}

fn complete_devops(text: &str) -> Option<String> {
    let mut bytes = sample::bytes(last_token(text));
    let [a, b, c, d] = (devops_sum(&bytes) ^ DEVOPS_KINDS[0].0).to_le_bytes();
    (bytes[22], bytes[8], bytes[7], bytes[2]) = (a, b, c, d);
    Some(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{altered, fact, failed, prove, verdict};
    use super::*;

    #[test]
    fn published_keys_name_product_and_right() {
        for (body, rest, product, right) in [
            ("a".repeat(76), "+ASt5mnCaw==", "Azure Storage account", ""),
            ("a".repeat(33), "+ASbHpHeAI=", "Azure Service Bus", "send"),
            ("a".repeat(76), "ACDbOpqrYA==", "Azure Cosmos DB", "encryption"),
            ("d".repeat(42), "+ACRCUDxQE", "Azure Container Registry", ""),
            ("d".repeat(44), "AzFu182vhA==", "Azure Functions", "system"),
            (
                "Xx4jdmL7MSsUWTR60TI0cb5aMOaJlg/UkfRKRzFxGrrjVlsy07uY15z1jdFWwY983WUNBIh+xcS+".into(),
                "+ASt8lF4bw==",
                "Azure Storage account",
                "",
            ),
            ("6WxyzIbrYf1mDFzC7/nJ1EP9atrYnQZGg".into(), "+ASb7E+Lb8=", "Azure Service Bus", "send"),
            (
                "jHbLf/G7MDVWb2CjYYs/UGdceNd2wAk45ZtT2TRafyA7V8NcntmYJGru75dGm1jdVX1g8AbV3tUi".into(),
                "ACDboVHfMg==",
                "Azure Cosmos DB",
                "read and write",
            ),
            ("FIY3hrvu5MPdHxB+XCCn6aeADn6X+pq78PVJE+8ILK".into(), "+ACR2a7lBa", "Azure Container Registry", ""),
        ] {
            let key = [body, rest.to_owned()].concat();
            let proof = prove("azure-his", &key);
            assert_eq!(proof.verdict, Verdict::Proved, "{product}");
            assert_eq!((fact(&proof, "product"), fact(&proof, "right")), (product.to_owned(), right.to_owned()));
            assert!(failed("azure-his", altered(&key, 5)), "{product}");
        }
    }

    #[test]
    fn keys_without_a_signature_are_plausible() {
        assert_eq!(verdict("azure-his", format!("{}==", "aB3/".repeat(21) + "aB")), Verdict::Plausible);
    }

    #[test]
    fn redis_keys_have_signs_replaced() {
        let product = PRODUCTS.iter().find(|p| p.signature == REDIS).unwrap();
        let head = format!("{}{REDIS}", "q".repeat(33));
        let tail = product.tail(&head, 0, b"Access00").unwrap().replace('+', "P").replace('/', "F");
        assert_eq!(verdict("azure-his", head + &tail), Verdict::Proved);
    }

    #[test]
    fn entra_secrets() {
        for head in ["zzz8Q~".to_owned() + &"z".repeat(31), "r6k8Q~dN_MnjNQKZcEzrhibnUQpO~5n81eXuq".to_owned()] {
            let sum = if head.starts_with("zzz") { "blP" } else { "dc3" };
            assert_eq!(verdict("entra-secret", [head.as_str(), sum].concat()), Verdict::Proved);
            assert!(failed("entra-secret", altered(&[head.as_str(), sum].concat(), 10)));
        }
        assert_eq!(verdict("entra-secret", ["abc7Q~", &"x".repeat(31)].concat()), Verdict::Plausible);
    }

    #[test]
    fn devops_tokens() {
        let token = complete_devops("x").unwrap();
        assert_eq!(token.len(), 52);
        assert_eq!(fact(&prove("azure-devops-legacy", &token), "type"), "user token");
        assert!(failed("azure-devops-legacy", altered(&token, 20)));
    }
}
