//! The text of an element in an answer of a few lines of XML. It is no parser: it knows no entities and no
//! attributes, and needs none for identifiers and error codes.

/// The text of the first element of that name.
pub fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(inside, _)| inside.trim())
}
