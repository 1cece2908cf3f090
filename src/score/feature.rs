//! The features that a score is made of: each a yes or no about a value, its name, its surroundings or its
//! place, with a name for the weights and words for the report. They weigh nothing by themselves.

macro_rules! features {
    ($($variant:ident $name:literal $words:literal,)*) => {
        /// One fact about a candidate.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs)] // each says what it is in words
        pub enum Feature { $($variant,)* }

        impl Feature {
            /// All of them, in a fixed order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name that its weight has.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it says, for a report.
            pub fn words(self) -> &'static str {
                match self { $(Self::$variant => $words,)* }
            }
        }
    };
}

features! {
    KeyPassword "key-password" "named a password",
    KeySecret "key-secret" "named a secret",
    KeyToken "key-token" "named a token",
    KeyApi "key-api" "named an API key",
    KeyPrivate "key-private" "named a private, access or encryption key",
    KeyPlain "key-plain" "named a key",
    KeyCredential "key-credential" "named a credential",
    KeyOtp "key-otp" "named a one-time password's secret",
    KeyCapitals "key-capitals" "a name in capitals",
    KeyLone "key-lone" "a name of one word",
    KeyLong "key-long" "a name of four words or more",
    KeyExample "key-example" "a name that says test or example",
    KeyHarmless "key-harmless" "a name of what is meant to be seen",
    ByColon "by-colon" "after a colon",
    ByEquals "by-equals" "after an equals sign",
    ByTag "by-tag" "in an element",
    ByArgument "by-argument" "the next argument",
    ByCall "by-call" "the argument of a call so named",
    BySpace "by-space" "after a blank",
    Compared "compared" "compared, not assigned",
    Wrapped "wrapped" "inside a call",
    Flagged "flagged" "a command's option",
    Quoted "quoted" "in quotes",
    Entry "entry" "an entry of a configuration",
    Setting "setting" "a setting inside a string or command",
    InComment "in-comment" "in a comment",
    NextEnd "next-end" "the last on its line",
    NextComma "next-comma" "followed by a comma",
    NextSemicolon "next-semicolon" "followed by a semicolon",
    NextParen "next-paren" "followed by a closing bracket",
    NextOperator "next-operator" "followed by an operator",
    LineExample "line-example" "the line speaks of an example or test",
    LineAssert "line-assert" "in an assertion",
    NearUser "near-user" "a user name stands near",
    NearHost "near-host" "a host or database stands near",
    Length4 "length-4" "5 characters or fewer",
    Length6 "length-6" "6 or 7 characters",
    Length8 "length-8" "8 to 11 characters",
    Length12 "length-12" "12 to 15 characters",
    Length16 "length-16" "16 to 23 characters",
    Length24 "length-24" "24 to 39 characters",
    Length40 "length-40" "40 to 63 characters",
    Length64 "length-64" "64 characters or more",
    Digits "digits" "digits alone",
    Lower "lower" "small letters alone",
    Upper "upper" "capitals alone",
    Letters "letters" "letters alone",
    Hex "hex" "hexadecimal digits",
    LowerDigits "lower-digits" "small letters and digits",
    Alnum "alnum" "letters and digits",
    Base64 "base64" "base64",
    Uuid "uuid" "a UUID",
    Signs "signs" "letters, digits and signs",
    HasSign "has-sign" "holds a sign that names have not",
    HasSpace "has-space" "holds a blank",
    HasDot "has-dot" "holds a dot",
    HasSlash "has-slash" "holds a slash",
    HasDash "has-dash" "holds a dash or underscore",
    HasColon "has-colon" "holds a colon",
    Padded "padded" "ends in base64 padding",
    Solid "solid" "long and mixed enough for a real password",
    Random "random" "looks random",
    EvidenceM8 "evidence-m8" "reads like words",
    EvidenceM3 "evidence-m3" "reads like a word",
    Evidence2 "evidence-2" "no words in it",
    Evidence8 "evidence-8" "rare letters in it",
    Evidence16 "evidence-16" "many rare letters in it",
    EvidenceMore "evidence-more" "nothing but rare letters in it",
    Entropy2 "entropy-2" "very few different characters",
    Entropy28 "entropy-28" "few different characters",
    Entropy33 "entropy-33" "some different characters",
    Entropy38 "entropy-38" "many different characters",
    Entropy45 "entropy-45" "very many different characters",
    EntropyMore "entropy-more" "nearly all characters different",
    WordDigits "word-digits" "a word with digits after it",
    Capitalised "capitalised" "begins with one capital",
    HoldsSecret "holds-secret" "holds a word for secrets",
    HoldsTest "holds-test" "holds a word for tests",
    Common "common" "one of the most common passwords",
    Crypt "crypt" "the hash of a password",
    Dummy "dummy" "a filled-in dummy",
    Placeholder "placeholder" "a placeholder",
    DummyWords "dummy-words" "made of placeholder words",
    NamesKey "names-key" "names its own key",
    Path "path" "a path, an address or a media type",
    Measure "measure" "a version, date or measure",
    ProgramName "program-name" "a name in a program",
    Prose "prose" "prose",
    Label "label" "a label or its translation",
    Words "words" "words",
    StockWord "stock-word" "a stock word",
    Repeats "repeats" "repeats few characters",
    PasswordWord "password-word" "a word as a password",
    PasswordMixed "password-mixed" "a password of letters and digits",
    PasswordNamed "password-named" "a password that names itself",
    SecretWord "secret-word" "a word as a token, secret or key",
    SecretMixed "secret-mixed" "a token, secret or key that does not look random",
    BareName "bare-name" "a reference in a program",
    LooseKey "loose-key" "a parameter or word that is only called key",
    Badge "badge" "the token of a badge, which is meant to be seen",
    BareMember "bare-member" "a member of a program's object",
    BareWord "bare-word" "a word without quotes",
    PlainRandom "plain-random" "a random value named a key",
    InTest "in-test" "in a test or example file",
    InDocument "in-document" "in a document",
    InConfig "in-config" "in a configuration file",
    InScript "in-script" "in a script",
    InCode "in-code" "in source code",
    InLocale "in-locale" "in a translation",
    InVendor "in-vendor" "in somebody else's code",
}
