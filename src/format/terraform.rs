//! Terraform's state: values by the resource and attribute, or the output, that they belong to.

use super::Told;
use super::json::{ENTRY, texts};

pub(super) fn read(bytes: &[u8]) -> Vec<Told> {
    let (mut all, mut kind, mut name) = (Vec::new(), "", "");
    texts(bytes, &mut |path, span, text| match path {
        // A resource names itself before its instances.
        ["resources", ENTRY, "type"] => kind = text,
        ["resources", ENTRY, "name"] => name = text,
        ["resources", ENTRY, "instances", ENTRY, "attributes" | "attributes_flat", attribute @ ..] => {
            let attribute = attribute.iter().filter(|step| **step != ENTRY).copied().collect::<Vec<_>>().join(".");
            all.push(Told::at(span).with("resource", format!("{kind}.{name}")).with("attribute", attribute));
        }
        ["outputs", output, "value", ..] => all.push(Told::at(span).with("output", *output)),
        // Before version 4: modules, with resources by name.
        ["modules", ENTRY, "resources", resource, "primary", "attributes", attribute] => {
            all.push(Told::at(span).with("resource", *resource).with("attribute", *attribute));
        }
        ["modules", ENTRY, "outputs", output, "value", ..] => all.push(Told::at(span).with("output", *output)),
        _ => {}
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_resource_or_output() {
        let text = r#"{"version": 4, "terraform_version": "1.5.0",
            "outputs": {"dsn": {"value": "qq6", "type": "string"}},
            "resources": [{"mode": "managed", "type": "aws_db_instance", "name": "main",
              "instances": [{"attributes": {"password": "qq7", "tags": {"a": "qq8"}, "list": ["qq9"]}}]}]}"#;
        let told = read(text.as_bytes());
        let said: Vec<String> = told
            .iter()
            .map(|t| {
                let facts: Vec<_> = t.facts.iter().map(|fact| fact.1.as_str()).collect();
                format!("{} {}", &text[t.span.clone()], facts.join(" "))
            })
            .collect();
        assert_eq!(
            said,
            ["qq6 dsn", "qq7 aws_db_instance.main password", "qq8 aws_db_instance.main tags.a", "qq9 aws_db_instance.main list"]
        );
        let old = r#"{"version": 3, "modules": [{"outputs": {"o": {"value": "qq6"}}, "resources": {"aws_x.y": {"primary": {"attributes": {"secret": "qq7"}}}}}]}"#;
        assert_eq!(read(old.as_bytes()).len(), 2);
    }
}
