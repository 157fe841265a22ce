package dev.cardinal.ike.backend;

import dev.cardinal.ike.wire.Identification;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Locale;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * Whether a certificate names an identity (RFC 4945 section 3.1), as strongSwan compares them: addresses, host names and
 * mail addresses with the subject's alternative names, whole and without wildcards; a distinguished name with the subject;
 * a key id with the subject's key identifier. The common name is never looked at.
 */
final class CertificateIdentity {
    private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
    private static final String SUBJECT_KEY_IDENTIFIER = "2.5.29.14";

    private CertificateIdentity() {}

    /** @throws IllegalArgumentException or another RuntimeException where the certificate's extension is malformed */
    static boolean names(X509Certificate certificate, Identification id) {
        byte[] data = id.data();
        if (data.length == 0) {
            return false;
        }
        return switch (id.type()) {
            case Identification.IPV4_ADDR -> data.length == 4 && hasAddress(certificate, data);
            case Identification.IPV6_ADDR -> data.length == 16 && hasAddress(certificate, data);
            case Identification.FQDN -> hasText(certificate, GeneralName.dNSName, data);
            case Identification.RFC822_ADDR -> hasText(certificate, GeneralName.rfc822Name, data);
            case Identification.DER_ASN1_DN -> isSubject(certificate, data);
            case Identification.KEY_ID -> hasKeyId(certificate, data);
            default -> false;
        };
    }

    private static boolean hasAddress(X509Certificate certificate, byte[] address) {
        for (GeneralName name : alternativeNames(certificate)) {
            if (name.getTagNo() == GeneralName.iPAddress
                    && Arrays.equals(ASN1OctetString.getInstance(name.getName()).getOctets(), address)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasText(X509Certificate certificate, int tag, byte[] text) {
        String wanted = lowerCase(text);
        for (GeneralName name : alternativeNames(certificate)) {
            if (name.getTagNo() == tag
                    && lowerCase(ASN1IA5String.getInstance(name.getName()).getOctets())
                            .equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSubject(X509Certificate certificate, byte[] der) {
        try {
            ASN1Primitive.fromByteArray(der); // exactly one object, nothing behind it
        } catch (IOException e) {
            return false;
        }
        X500Principal subject = certificate.getSubjectX500Principal();
        return !subject.getName().isEmpty() && subject.equals(new X500Principal(der));
    }

    private static boolean hasKeyId(X509Certificate certificate, byte[] keyId) {
        byte[] extension = certificate.getExtensionValue(SUBJECT_KEY_IDENTIFIER);
        return extension != null && Arrays.equals(unwrap(unwrap(extension)), keyId);
    }

    private static GeneralName[] alternativeNames(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue(SUBJECT_ALTERNATIVE_NAME);
        return extension == null
                ? new GeneralName[0]
                : GeneralNames.getInstance(unwrap(extension)).getNames();
    }

    private static byte[] unwrap(byte[] octetString) {
        return ASN1OctetString.getInstance(octetString).getOctets();
    }

    /** Each octet a character: no encoding can make two different names equal. */
    private static String lowerCase(byte[] text) {
        return new String(text, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    }
}
