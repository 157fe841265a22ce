package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckk;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Uri;
import dev.cardinal.hsm.pkcs11.Session;
import dev.cardinal.hsm.pkcs11.TokenInfo;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The private key that belongs to a public key: by {@code CKA_MODULUS}, else {@code CKA_PUBLIC_KEY_INFO}, else by the
 * {@code CKA_ID} that a public key or certificate with this public key has.
 *
 * @param id the {@code CKA_ID} the key must have, null for any
 */
record KeySearch(TokenInfo token, KeyProof proof, byte[] publicKeyInfo, PublicKey publicKey, byte @Nullable [] id) {

    /** Keys that are tried at most: beyond that the token is misconfigured. */
    private static final int CANDIDATE_LIMIT = 16;

    /** Certificates that are read at most. */
    private static final int CERTIFICATE_LIMIT = 1024;

    record Match(KeyObject key, String uri) {}

    /**
     * The one key that proves to belong to the public key.
     *
     * @param login for keys that want it for each use
     */
    Match find(Session session, TokenLogin login) throws Pkcs11Exception, HsmFailure {
        List<Match> proven = new ArrayList<>();
        List<Match> candidates = candidates(session);
        List<Match> forbidden = new ArrayList<>();
        Pkcs11Exception refusal = null;
        for (Match candidate : candidates) {
            if (!proof.permitted(candidate.key())) {
                forbidden.add(candidate);
                continue;
            }
            try {
                if (proof.proves(session, login, publicKey, candidate.key())) {
                    proven.add(candidate);
                }
            } catch (Pkcs11Exception e) {
                if (Failures.kindOf(e.ckr()) != Kind.OUR_FAULT) {
                    throw e;
                }
                refusal = e;
            }
        }
        if (proven.size() == 1) {
            return proven.getFirst();
        }
        if (proven.size() > 1) {
            throw new HsmFailure(Kind.OUR_FAULT, 0, "several private keys match; name one by its id: " + uris(proven));
        }
        if (!forbidden.isEmpty()) {
            throw new HsmFailure(
                    Kind.OUR_FAULT,
                    0,
                    "the token " + token.label() + " does not let the key do it, " + proof.attribute() + " is false: "
                            + uris(forbidden));
        }
        String reason = candidates.isEmpty()
                ? ""
                : "; these have the identifier but " + proof.failure() + ": " + uris(candidates)
                        + (refusal == null ? "" : " (" + refusal.getMessage() + ")");
        throw new HsmFailure(Kind.OUR_FAULT, 0, "no private key for " + wanted() + reason);
    }

    private static String uris(List<Match> matches) {
        return matches.stream().map(Match::uri).collect(Collectors.joining(", "));
    }

    /** The key that was found before, after its handle became invalid. */
    Match again(Session session, String uri) throws Pkcs11Exception, HsmFailure {
        List<Match> candidates = candidates(session);
        for (Match candidate : candidates) {
            if (candidate.uri().equals(uri)) {
                return candidate;
            }
        }
        throw new HsmFailure(Kind.TOKEN_GONE, 0, "the token no longer holds " + uri);
    }

    private String wanted() {
        return publicKey.getAlgorithm()
                + " public key "
                + switch (publicKey) {
                    case RSAPublicKey rsa -> "with modulus " + abbreviated(Octets.unsigned(rsa.getModulus()));
                    default -> {
                        byte[] point = PublicKeys.point(publicKey);
                        yield "with point " + abbreviated(point == null ? publicKeyInfo : point);
                    }
                }
                + (id == null ? "" : " and id " + HexFormat.of().formatHex(id))
                + " on the token "
                + token.label()
                + ", by CKA_MODULUS, CKA_PUBLIC_KEY_INFO or the CKA_ID of a public key or certificate";
    }

    private static String abbreviated(byte[] octets) {
        return HexFormat.of().formatHex(octets, 0, Math.min(octets.length, 12)) + "...";
    }

    private List<Match> candidates(Session session) throws Pkcs11Exception, HsmFailure {
        byte[] modulus = PublicKeys.modulus(publicKey);
        List<Long> found = modulus == null ? List.of() : privateKeys(session, Attribute.of(Cka.MODULUS, modulus));
        if (found.isEmpty()) {
            found = privateKeys(session, Attribute.of(Cka.PUBLIC_KEY_INFO, publicKeyInfo));
        }
        if (found.isEmpty()) {
            Set<Long> byId = new LinkedHashSet<>();
            for (byte[] owner : identifiers(session)) {
                if (id == null || Arrays.equals(id, owner)) {
                    byId.addAll(privateKeys(session, Attribute.of(Cka.ID, owner)));
                }
            }
            found = List.copyOf(byId);
        }
        if (found.size() > CANDIDATE_LIMIT) {
            throw new HsmFailure(Kind.OUR_FAULT, 0, found.size() + " private keys match " + wanted());
        }
        List<Match> matches = new ArrayList<>();
        for (long object : found) {
            byte[] label = session.attributeIfPresent(object, Cka.LABEL);
            matches.add(new Match(
                    KeyObject.of(session, object),
                    Pkcs11Uri.ofObject(
                                    token,
                                    "private",
                                    label == null ? null : new String(label, StandardCharsets.UTF_8),
                                    session.attributeIfPresent(object, Cka.ID))
                            .toString()));
        }
        return matches;
    }

    private List<Long> privateKeys(Session session, Attribute sought) throws Pkcs11Exception, HsmFailure {
        List<Attribute> template = new ArrayList<>();
        template.add(Attribute.of(Cka.CLASS, Cko.PRIVATE_KEY));
        template.add(Attribute.of(Cka.KEY_TYPE, keyType()));
        template.add(sought);
        if (id != null && sought.type() != Cka.ID) {
            template.add(Attribute.of(Cka.ID, id));
        }
        return find(session, template);
    }

    private static List<Long> find(Session session, List<Attribute> template) throws Pkcs11Exception {
        try {
            return session.find(template);
        } catch (Pkcs11Exception e) {
            if (e.ckr() == Ckr.ATTRIBUTE_TYPE_INVALID || e.ckr() == Ckr.ATTRIBUTE_VALUE_INVALID) {
                return List.of();
            }
            throw e;
        }
    }

    /** The identifiers of public keys and certificates that hold this public key. */
    private List<byte[]> identifiers(Session session) throws Pkcs11Exception, HsmFailure {
        List<byte[]> identifiers = new ArrayList<>();
        byte[] modulus = PublicKeys.modulus(publicKey);
        byte[] point = PublicKeys.point(publicKey);
        List<Attribute> forms = new ArrayList<>();
        if (modulus != null) {
            forms.add(Attribute.of(Cka.MODULUS, modulus));
        }
        if (point != null) {
            forms.add(Attribute.of(Cka.EC_POINT, EcPoints.wrapped(point)));
            forms.add(Attribute.of(Cka.EC_POINT, point));
        }
        for (Attribute form : forms) {
            for (long object : find(session, List.of(Attribute.of(Cka.CLASS, Cko.PUBLIC_KEY), form))) {
                add(identifiers, session.attributeIfPresent(object, Cka.ID));
            }
        }
        List<Long> certificates = find(session, List.of(Attribute.of(Cka.CLASS, Cko.CERTIFICATE)));
        for (long object : certificates.subList(0, Math.min(certificates.size(), CERTIFICATE_LIMIT))) {
            byte[] certificate = session.attributeIfPresent(object, Cka.VALUE);
            if (certificate != null && certifies(certificate)) {
                add(identifiers, session.attributeIfPresent(object, Cka.ID));
            }
        }
        return identifiers;
    }

    private static void add(List<byte[]> identifiers, byte @Nullable [] identifier) {
        if (identifier != null
                && identifier.length > 0
                && identifiers.stream().noneMatch(known -> Arrays.equals(known, identifier))) {
            identifiers.add(identifier);
        }
    }

    private boolean certifies(byte[] certificate) {
        try {
            byte[] certified = CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(certificate))
                    .getPublicKey()
                    .getEncoded();
            return Arrays.equals(certified, publicKey.getEncoded());
        } catch (CertificateException e) {
            return false;
        }
    }

    private long keyType() throws HsmFailure {
        return switch (publicKey) {
            case RSAPublicKey rsa -> Ckk.RSA;
            case ECPublicKey ec -> Ckk.EC;
            case EdECPublicKey ed -> Ckk.EC_EDWARDS;
            default -> throw new HsmFailure(Kind.UNSUPPORTED, 0, "keys of type " + publicKey.getAlgorithm());
        };
    }
}
