//! The generic rules through the detector: what they must find in the notations of many languages and
//! formats, with which value, and what must not reach the default tier. All values are made up at run time.

use unleak::detect::Detector;
use unleak::finding::Confidence;
use unleak::rule::RuleSet;

fn detector() -> Detector {
    Detector::new(RuleSet::builtin(), 0)
}

/// Random letters and digits; the same seed gives the same.
fn made_up(len: usize, seed: u64) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(alphabet[(state >> 20) as usize % alphabet.len()])
        })
        .collect()
}

/// Rule, confidence and value of each match that no filter dropped.
fn found(detector: &Detector, text: &str) -> Vec<(String, Confidence, String)> {
    let memo = detector.scan(text.as_bytes(), None);
    let kept = memo.matches().into_iter().filter(|m| m.judged.dropped.is_none());
    kept.map(|m| {
        let value = String::from_utf8_lossy(m.judged.value.expose()).into_owned();
        (detector.rule(m.rule).spec.id.to_string(), m.judged.confidence, value)
    })
    .collect()
}

/// `§` stands for the secret.
const NOTATIONS: &[&str] = &[
    "export AWS_SECRET_TOKEN=§\n",
    "API_KEY=§\n",
    "API_KEY=\"§\"\n",
    "api_key = '§'\n",
    "  \"client_secret\": \"§\",\n",
    "{\\\"password\\\": \\\"§\\\"}",
    "{\"body\": \"{\\\\\\\"token\\\\\\\":\\\\\\\"§\\\\\\\"}\"}",
    "&quot;apiKey&quot;:&quot;§&quot;",
    "spring.datasource.password=§\n",
    "  password: §\n",
    "  password: \"§\"\n",
    "- name: DB_PASSWORD\n  value: §\n",
    "- name: DB_PASSWORD\n  value: \"§\"\n",
    "{\"name\": \"DB_PASSWORD\", \"value\": \"§\"}",
    "<password>§</password>",
    "<add key=\"ApiSecret\" value=\"§\" />",
    "<property name=\"password\" value=\"§\"/>",
    "<string name=\"api_key\">§</string>",
    "<Pass type=\"plain\">§</Pass>",
    "<entry key=\"password\">§</entry>",
    "<key>ApiToken</key>\n\t<string>§</string>",
    "machine git.corp.io login joe password §\n",
    "tool --password § --verbose\n",
    "tool --api-token=§ --verbose\n",
    "tool --token \"§\"",
    "setPassword(\"§\");",
    "client.withApiKey('§')",
    "putenv(\"SERVICE_TOKEN=§\");",
    "define('DB_PASSWORD', '§');",
    "$config['db_password'] = '§';",
    "'password' => '§',",
    ":secret_key => \"§\"",
    "config.secret_key_base = \"§\"",
    "$ApiSecret = \"§\"",
    "ENV SERVICE_TOKEN §\n",
    "ENV SERVICE_TOKEN=§\n",
    "const apiKey: string = \"§\";",
    "const API_TOKEN: &str = \"§\";",
    "var apiToken string = \"§\"",
    "apiToken := \"§\"",
    "private static final String SECRET_KEY = \"§\";",
    "char api_token[] = \"§\";",
    "static const char *auth_token = \"§\";",
    "self.api_token = b'§'",
    "NSString *apiToken = @\"§\";",
    "let clientSecret = `§`",
    "let accessToken: String? = \"§\"",
    "curl https://api.corp.io/v1?access_token=§&x=1",
    "properties.setProperty(\"api.secret\", \"§\");",
    "os.environ[\"SERVICE_TOKEN\"] = \"§\"",
    "os.environ.setdefault(\"SECRET_KEY\", \"§\")",
    "ENV['SERVICE_TOKEN'] ||= '§'",
    "token ?= §\n",
    "api_token=§;",
    "apiToken: '§', name: 'x'",
    "Authorization: Bearer §\n",
    "  -H \"authorization: Bearer §\"",
    "//registry.corp.io/:_authToken=§\n",
    "requirepass §\n",
    "MYSQL_ROOT_PASSWORD: §\n",
    "api_secret = \"§\" # for the test system",
    "(setq my-api-token \"§\")",
    "INSERT INTO x (password) VALUES (1); -- password = '§'",
    "id:joe,password:§\n",
    "user: joe / password: § (vpn)\n",
    "config.consumer_key         = '§'",
];

#[test]
fn random_values_are_found_in_every_notation() {
    let detector = detector();
    let mut missed = Vec::new();
    for (seed, notation) in NOTATIONS.iter().enumerate() {
        let secret = format!("{}7q", made_up(30, seed as u64 + 1));
        let text = notation.replace('§', &secret);
        let all = found(&detector, &text);
        let rules = ["generic-secret", "bearer-token"];
        if !all.iter().any(|(rule, tier, value)| rules.contains(&&rule[..]) && *tier >= Confidence::Medium && *value == secret) {
            missed.push(format!("{notation:?}: {all:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn weak_passwords_are_in_the_low_tier() {
    let detector = detector();
    let mut missed = Vec::new();
    for notation in [
        "DB_PASSWORD=§\n",
        "password: \"§\"\n",
        "  password: §\n",
        "password = '§'",
        "<password>§</password>",
        "machine x login joe password §\n",
        "tool --password § -x",
        "setPassword(\"§\")",
        "if password == \"§\":",
        "$db['password'] = \"§\";",
        "\"password\": \"§\"",
        "- name: DB_PASSWORD\n  value: §\n",
        "requirepass §\n",
    ] {
        for secret in [["hunt", "er22"].concat(), ["Somm", "er19!"].concat(), ["P@ss", "w0rd"].concat(), ["tr0ub", "4dor"].concat()] {
            let all = found(&detector, &notation.replace('§', &secret));
            if !all.iter().any(|(rule, tier, value)| rule == "generic-password" && *tier == Confidence::Low && *value == secret) {
                missed.push(format!("{notation:?} {secret}: {all:?}"));
            }
            // A netrc entry is one whatever the password is worth.
            assert!(!all.iter().any(|(rule, tier, _)| rule != "netrc-password" && *tier > Confidence::Low), "{notation:?} {secret}");
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn url_and_connection_string_credentials_are_found() {
    let detector = detector();
    let secret = format!("{}7q", made_up(12, 5));
    let mut missed = Vec::new();
    for (rule, text) in [
        ("url-credentials", "git clone https://deploy:§@git.corp.io/x.git"),
        ("url-credentials", "\"proxy\": \"http://svc:§@proxy.corp.io:3128\""),
        ("url-credentials", "ftp://joe:§@ftp.corp.io/in"),
        ("postgres-url", "DATABASE_URL=postgres://app:§@db.corp.io:5432/app?sslmode=require"),
        ("postgres-url", "engine = create_engine('postgresql+psycopg2://app:§@10.0.0.5/app')"),
        ("mysql-url", "mysql://app:§@db.corp.io/app"),
        ("mongodb-url", "mongodb+srv://app:§@c0.corp.io/app?retryWrites=true"),
        ("redis-url", "redis://:§@cache.corp.io:6379/0"),
        ("amqp-url", "amqps://app:§@mq.corp.io/v"),
        ("jdbc-url", "jdbc:postgresql://db.corp.io/app?user=app&password=§&ssl=true"),
        ("oracle-jdbc-url", "jdbc:oracle:thin:app/§@db.corp.io:1521:xe"),
        ("connection-string-password", "\"Server=tcp:sql.corp.io,1433;Initial Catalog=app;User ID=app;Password=§;Encrypt=True;\""),
    ] {
        let all = found(&detector, &text.replace('§', &secret));
        if !all.iter().any(|(id, tier, value)| id == rule && *tier >= Confidence::Medium && *value == secret) {
            missed.push(format!("{rule} {text}: {all:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// What must give nothing in the default tier.
const HARMLESS: &[&str] = &[
    "password = config.get('database.password')",
    "const token = getAuthenticationTokenFromRequest(request2);",
    "char *token = strtok_r(line2, \" \", &saveptr1);",
    "token: tokenStream.nextTokenOfKind(TokenKind2)",
    "self.token = self.lexer.token_stream_v2.next()",
    "api_key = os.environ['SERVICE_API_KEY_V2_2024']",
    "secret = process.env.MY_SECRET_TOKEN_2024_V3",
    "secret_key: <%= ENV['SECRET_KEY_BASE_2024_v2'] %>",
    "password: ${DB_PASSWORD:-default2024Password}",
    "password: \"{{ vault_database_password_2024 }}\"",
    "\"password\": \"Bitte geben Sie Ihr Passwort ein\"",
    "\"password\": \"Wachtwoord vergeten?\"",
    "password.label=Password must have 8 characters, 1 digit",
    "Your password: must be at least 12 characters long",
    "\"passwordPlaceholder\": \"ab12CD34ef56GH78ij90KL\"",
    "PublicKeyToken=b77a5c561934e089",
    "<assemblyIdentity name=\"X\" publicKeyToken=\"31bf3856ad364e35\" />",
    "\"token\": \"sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
    "commit secret: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "password_hash: 9f86d081884c7d659a2feaa0c55ad015",
    "token_address = \"0x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b\"",
    "token: \"0x9F86d081884c7D659A2feAA0c55ad015A3BF4F1B\"",
    "API_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "API_KEY=your_api_key_goes_here_123",
    "api_key: 1234567890abcdef1234567890abcdef",
    "secret: abcdefghijklmnopqrstuvwxyz012345",
    "secret = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
    "SECRET_KEY=replace-with-a-random-value-32",
    "token=<your-token-here-2024-abcdef>",
    "token = %%DEPLOY_TOKEN_2024_ABC%%",
    "apiKey: 'projects/my-project-123/secrets/api-key/versions/2'",
    "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC1d2",
    "credential: /etc/service/credentials-2024/prod_v2.json",
    "private_key: /home/deploy/.ssh/id_ed25519_prod_2024",
    "token_url: https://login.corp.io/oauth2/v2.0/token?x=aB3dE5gH7",
    "secret_name: prod-db-7f9c2e41a8b3d605",
    "next_token: 'q7Wk2Zr9Tn4Xb6Lm8Pd1'",
    "<input name=\"csrf_token\" value=\"q7Wk2Zr9Tn4Xb6Lm8Pd1vB3\">",
    "accessTokenType2: com.example.auth.v2.BearerTokenProvider",
    "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased-v2')",
    "Content-Type: application/x-www-form-urlencoded; token=utf8x16",
    "password := strings.TrimSuffix(line1, suffix2)",
    "if (token.type === TokenType2.IDENTIFIER_V2) {",
    "secret: 2024-01-02T03:04:05.678Z",
    "Authorization: Bearer your-access-token-goes-here-1",
    "Authorization: Bearer ${ACCESS_TOKEN_FOR_SERVICE_2}",
    "http://user:password@localhost:8080/",
    "https://user:pass@example.com/",
    "postgres://postgres:postgres@localhost:5432/app_test",
    "mysql://root:secret123@127.0.0.1/app",
    "redis://:hunter2@localhost:6379",
    "mongodb://${USER}:${PASSWORD}@cluster0.corp.io/",
    "https://<username>:<password>@git.corp.io/x.git",
    "amqp://guest:guest@rabbitmq:5672/",
    "Server=localhost;Database=app;User Id=sa;Password=your_password;",
    "token = base64.b64encode(f'{user2}:{password2}'.encode())",
    "let passwordField2 = UITextField(frame: CGRect(x: 0, y: 10))",
    "api_key_env_var = 'SERVICE_PROD_API_KEY_V2'",
    "credentials: 'same-origin'",
    "@\"password2\": [NSNull null]",
    "password_reset_token_expires_in = 12.hours.from_now.to_i",
    "Token::Identifier2(x86_64_unknown_linux_gnu_v3)",
    "token.kind = TK_INTEGER_LITERAL_BASE_16;",
    "private_key = rsa.generate_private_key(65537, key_size_2048)",
    "password = sys.argv[4]",
    "HashPassword(\"password\", \"q7Wk2Zr9Tn4Xb6Lm8Pd1vB3\", 50000)",
    "\"password\": \"sha1$1b11b$edeb0a67a9622f1f2cfeabf9188a711f5ac7d236\"",
    "SET password_encryption = 'scram-sha-256';",
    "'key' => '000102030405060708090A0B0C0D0E0F',",
    "requirepass \"abc\\x00def1\"",
    "fun login(user: String, password: Password2): Session",
];

#[test]
fn harmless_text_gives_nothing_in_the_default_tier() {
    let detector = detector();
    let mut wrong = Vec::new();
    for text in HARMLESS {
        for around in ["", "\n", "    "] {
            let text = format!("{around}{text}\n");
            let shown: Vec<_> = found(&detector, &text).into_iter().filter(|(_, tier, _)| *tier >= Confidence::Medium).collect();
            if !shown.is_empty() {
                wrong.push(format!("{text:?}: {shown:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_match_is_the_same_however_much_text_surrounds_it() {
    let detector = detector();
    let secret = format!("{}7q", made_up(30, 3));
    for filler in ["x", "a b\n", "0123456789"] {
        let text = format!("{}\napi_key = \"{secret}\"\n{}", filler.repeat(500), filler.repeat(500));
        assert!(found(&detector, &text).iter().any(|(_, _, value)| *value == secret), "{filler:?}");
    }
    let long = format!("api_key = \"{}\"", made_up(900, 4));
    assert!(found(&detector, &long).is_empty(), "longer than any value");
    let bare = format!("api_key={}", made_up(900, 4));
    assert!(found(&detector, &bare).is_empty(), "longer than any value");
}

#[test]
fn the_rules_examples_hold() {
    let detector = detector();
    let mut wrong = Vec::new();
    let rules = detector.rules().rules().iter().filter(|r| ["generic", "url", "database", "wordpress"].contains(&&r.spec.provider[..]));
    for rule in rules {
        let has = |example: &str, seed| {
            let text = unleak::rule::example::complete(example, None, seed).expect("a good example");
            found(&detector, &text).iter().any(|(id, tier, _)| *id == rule.spec.id && *tier == rule.confidence)
        };
        for seed in 1..=50 {
            wrong.extend(rule.spec.matches.iter().filter(|e| !has(e, seed)).map(|e| format!("{} misses {e} with {seed}", rule.spec.id)));
            wrong.extend(rule.spec.skip.iter().filter(|e| has(e, seed)).map(|e| format!("{} matches {e} with {seed}", rule.spec.id)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Scans every file below `UNLEAK_TREE` and prints what the default tier shows and how long it took.
#[test]
#[ignore = "needs a tree to look at"]
fn tree() {
    let Some(root) = std::env::var_os("UNLEAK_TREE") else { return };
    let low = std::env::var_os("UNLEAK_LOW").is_some();
    let detector = Detector::new(RuleSet::builtin(), 0);
    let (mut size, mut files, mut time, mut hits) = (0, 0, std::time::Duration::ZERO, 0);
    let mut folders = vec![std::path::PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable")) {
            if entry.file_type().expect("known").is_dir() {
                folders.push(entry.path());
                continue;
            }
            let Ok(bytes) = std::fs::read(entry.path()) else { continue };
            let start = std::time::Instant::now();
            let memo = detector.scan(&bytes, None);
            time += start.elapsed();
            size += bytes.len();
            files += 1;
            for m in memo.matches() {
                let tier = m.judged.confidence;
                if m.judged.dropped.is_some() || (tier == Confidence::Low) != low {
                    continue;
                }
                hits += 1;
                let line = bytes[..m.start as usize].iter().filter(|b| **b == b'\n').count() + 1;
                let text = String::from_utf8_lossy(&bytes[m.start as usize..m.end as usize]).into_owned();
                println!("{}:{line} {} {text:?}", entry.path().display(), detector.rule(m.rule).spec.id);
            }
        }
    }
    println!("{hits} matches in {files} files, {size} bytes, {time:?}");
}
