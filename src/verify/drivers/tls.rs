//! TLS for what speaks a protocol of its own: certificates are checked as the machine checks them, and against those
//! that the user added; or not at all, where the connection could as well do without. It does not know what goes
//! through.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

/// The name that a certificate must be made out to.
pub(super) type Name = ServerName<'static>;
/// What shakes hands.
pub(super) type Connector = TlsConnector;

/// A connection, with TLS or without.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// What is needed to speak TLS with that host; `roots` are further certificates, in DER.
pub(super) fn connector(host: &str, roots: &[Vec<u8>], checked: bool) -> Result<(Name, Connector), String> {
    let provider = Arc::new(ring::default_provider());
    let roots = roots.iter().map(|der| CertificateDer::from(der.clone()));
    let unreadable = "the certificates of this machine cannot be read";
    let verifier: Arc<dyn ServerCertVerifier> = if checked {
        Arc::new(Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(|_| unreadable)?)
    } else {
        Arc::new(Anybody(Arc::clone(&provider)))
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| unreadable)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "its host is no name for a certificate")?;
    Ok((name, TlsConnector::from(Arc::new(config))))
}

/// Takes the certificate of anybody, but wants to see that its key is there.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        text: &[u8],
        by: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(text, by, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        text: &[u8],
        by: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(text, by, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
