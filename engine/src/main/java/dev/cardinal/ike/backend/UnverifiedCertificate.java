package dev.cardinal.ike.backend;

import java.math.BigInteger;
import java.security.Principal;
import java.security.Provider;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * A certificate as the PKIX validator shall see it while its signature is still to be verified: whoever asks for that is
 * told that it holds, and the key is noted. A path that holds with such certificates in it proves nothing until the
 * signature of each of them, by the key that {@link #signer()} tells, was verified; hence one of these serves one
 * validation and leaves this package never.
 */
@SuppressWarnings("serial") // serialised as the certificate, by its superclass
final class UnverifiedCertificate extends X509Certificate {
    private final transient X509Certificate certificate;
    private final transient byte[] der;
    private transient @Nullable PublicKey signer;

    /** @param der its encoding, which is lent and nobody changes */
    UnverifiedCertificate(X509Certificate certificate, byte[] der) {
        this.certificate = certificate;
        this.der = der;
    }

    /** The certificate itself. */
    X509Certificate certificate() {
        return certificate;
    }

    /** The key that the validator wanted the signature verified with; null where it did not ask. */
    @Nullable
    PublicKey signer() {
        return signer;
    }

    @Override
    public void verify(PublicKey key) throws CertificateEncodingException {
        if (signer != null && !signer.equals(key)) {
            throw new CertificateEncodingException("two issuers");
        }
        signer = key;
    }

    @Override
    public void verify(PublicKey key, @Nullable String sigProvider) throws CertificateEncodingException {
        verify(key);
    }

    @Override
    public void verify(PublicKey key, @Nullable Provider sigProvider) throws CertificateEncodingException {
        verify(key);
    }

    @Override
    public void checkValidity() throws CertificateExpiredException, CertificateNotYetValidException {
        certificate.checkValidity();
    }

    @Override
    public void checkValidity(Date date) throws CertificateExpiredException, CertificateNotYetValidException {
        certificate.checkValidity(date);
    }

    @Override
    public int getVersion() {
        return certificate.getVersion();
    }

    @Override
    public BigInteger getSerialNumber() {
        return certificate.getSerialNumber();
    }

    @Override
    @SuppressWarnings("deprecation") // abstract all the same
    public Principal getIssuerDN() {
        return certificate.getIssuerDN();
    }

    @Override
    @SuppressWarnings("deprecation") // abstract all the same
    public Principal getSubjectDN() {
        return certificate.getSubjectDN();
    }

    @Override
    public X500Principal getIssuerX500Principal() {
        return certificate.getIssuerX500Principal();
    }

    @Override
    public X500Principal getSubjectX500Principal() {
        return certificate.getSubjectX500Principal();
    }

    @Override
    public Date getNotBefore() {
        return certificate.getNotBefore();
    }

    @Override
    public Date getNotAfter() {
        return certificate.getNotAfter();
    }

    @Override
    public byte[] getTBSCertificate() throws CertificateEncodingException {
        return certificate.getTBSCertificate();
    }

    @Override
    public byte[] getSignature() {
        return certificate.getSignature();
    }

    @Override
    public String getSigAlgName() {
        return certificate.getSigAlgName();
    }

    @Override
    public String getSigAlgOID() {
        return certificate.getSigAlgOID();
    }

    @Override
    public byte @Nullable [] getSigAlgParams() {
        return certificate.getSigAlgParams();
    }

    @Override
    public boolean @Nullable [] getIssuerUniqueID() {
        return certificate.getIssuerUniqueID();
    }

    @Override
    public boolean @Nullable [] getSubjectUniqueID() {
        return certificate.getSubjectUniqueID();
    }

    @Override
    public boolean @Nullable [] getKeyUsage() {
        return certificate.getKeyUsage();
    }

    @Override
    public int getBasicConstraints() {
        return certificate.getBasicConstraints();
    }

    @Override
    public PublicKey getPublicKey() {
        return certificate.getPublicKey();
    }

    /** No copy: the validator asks for this several times, to compare. */
    @Override
    public byte[] getEncoded() {
        return der;
    }

    @Override
    public boolean hasUnsupportedCriticalExtension() {
        return certificate.hasUnsupportedCriticalExtension();
    }

    @Override
    public @Nullable Set<String> getCriticalExtensionOIDs() {
        return certificate.getCriticalExtensionOIDs();
    }

    @Override
    public @Nullable Set<String> getNonCriticalExtensionOIDs() {
        return certificate.getNonCriticalExtensionOIDs();
    }

    @Override
    public byte @Nullable [] getExtensionValue(String oid) {
        return certificate.getExtensionValue(oid);
    }

    @Override
    public String toString() {
        return "unverified " + certificate;
    }
}
