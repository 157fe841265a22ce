package dev.cardinal.ike.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1InputStream;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcePEMDecryptorProviderBuilder;
import org.bouncycastle.operator.InputDecryptorProvider;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcePKCSPBEInputDecryptorProviderBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A private key in a file of the folders private, rsa, ecdsa or pkcs8: PKCS#8, PKCS#1 or SEC 1, PEM or DER, encrypted or
 * not. It is used by the host device, which a token's key never is.
 *
 * @param publicKey computed from the private key
 */
public record KeyFile(Path file, PrivateKey privateKey, PublicKey publicKey) {

    private static final List<String> FOLDERS = List.of("private", "rsa", "ecdsa", "pkcs8");

    /** Without the key. */
    @Override
    public String toString() {
        return "KeyFile[" + file + "]";
    }

    static List<KeyFile> read(Path folder, Map<Path, Passphrase> passphrases, ConfigErrors errors) {
        Map<Path, KeyFile> keys = new LinkedHashMap<>();
        for (String name : FOLDERS) {
            for (Path file : CertificateFolders.files(folder.resolve(name), errors)) {
                KeyFile key = read(file, passphrases.get(file.normalize()), errors);
                if (key != null) {
                    keys.put(file, key);
                }
            }
        }
        return new ArrayList<>(keys.values());
    }

    private static @Nullable KeyFile read(Path file, @Nullable Passphrase passphrase, ConfigErrors errors) {
        byte[] octets = CertificateFolders.octets(file, errors);
        if (octets == null) {
            return null;
        }
        try {
            return of(file, privateKeyInfo(octets, passphrase));
        } catch (ConfigFault e) {
            errors.add(file, 0, "", e.what());
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            // the causes of the libraries may quote the key
            errors.add(file, 0, "", "no private key that is understood: PKCS#8, PKCS#1 or SEC 1, as PEM or DER");
        } finally {
            Arrays.fill(octets, (byte) 0);
        }
        return null;
    }

    /** A key from a file, for commands; {@code passphrase} may be null. */
    public static KeyFile read(Path file, @Nullable Passphrase passphrase) throws IOException {
        ConfigErrors errors = new ConfigErrors();
        KeyFile key = read(file, passphrase, errors);
        if (key == null) {
            throw new IOException(file + ": " + errors.list().getFirst().message());
        }
        return key;
    }

    private static KeyFile of(Path file, PrivateKeyInfo info)
            throws IOException, GeneralSecurityException, ConfigFault {
        AsymmetricKeyParameter key = PrivateKeyFactory.createKey(info);
        AsymmetricKeyParameter publicKey = switch (key) {
            case RSAPrivateCrtKeyParameters rsa ->
                new RSAKeyParameters(false, rsa.getModulus(), rsa.getPublicExponent());
            case ECPrivateKeyParameters ec ->
                new ECPublicKeyParameters(
                        new FixedPointCombMultiplier()
                                .multiply(ec.getParameters().getG(), ec.getD())
                                .normalize(),
                        ec.getParameters());
            case Ed25519PrivateKeyParameters ed -> ed.generatePublicKey();
            default -> throw new ConfigFault("a kind of key that IKE does not sign with here: RSA, EC or Ed25519");
        };
        String algorithm = switch (key) {
            case RSAPrivateCrtKeyParameters rsa -> "RSA";
            case ECPrivateKeyParameters ec -> "EC";
            default -> "Ed25519";
        };
        KeyFactory factory = KeyFactory.getInstance(algorithm);
        byte[] spki = SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(publicKey)
                .getEncoded();
        byte[] pkcs8 = info.getEncoded();
        try {
            return new KeyFile(
                    file,
                    factory.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)),
                    factory.generatePublic(new X509EncodedKeySpec(spki)));
        } finally {
            Arrays.fill(pkcs8, (byte) 0);
        }
    }

    private static PrivateKeyInfo privateKeyInfo(byte[] octets, @Nullable Passphrase passphrase)
            throws IOException, ConfigFault {
        if (octets.length > 0 && octets[0] == 0x30) {
            return der(octets, passphrase);
        }
        try (PEMParser parser = new PEMParser(new StringReader(new String(octets, StandardCharsets.ISO_8859_1)))) {
            Object object = parser.readObject();
            while (object != null) {
                switch (object) {
                    case PrivateKeyInfo info -> {
                        return info;
                    }
                    case PEMKeyPair pair -> {
                        return pair.getPrivateKeyInfo();
                    }
                    case PEMEncryptedKeyPair pair -> {
                        return decrypt(pair, passphrase);
                    }
                    case PKCS8EncryptedPrivateKeyInfo info -> {
                        return decrypt(info, passphrase);
                    }
                    default -> object = parser.readObject(); // EC PARAMETERS, certificates
                }
            }
        }
        throw new ConfigFault("no private key in it");
    }

    private static PrivateKeyInfo der(byte[] octets, @Nullable Passphrase passphrase) throws IOException, ConfigFault {
        ASN1Sequence sequence;
        try (InputStream bytes = new ByteArrayInputStream(octets);
                ASN1InputStream in = new ASN1InputStream(bytes)) {
            ASN1Primitive first = in.readObject();
            sequence = ASN1Sequence.getInstance(first);
        }
        if (sequence.size() == 2) {
            return decrypt(new PKCS8EncryptedPrivateKeyInfo(EncryptedPrivateKeyInfo.getInstance(sequence)), passphrase);
        }
        if (sequence.size() == 9) {
            return new PrivateKeyInfo(
                    new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                    RSAPrivateKey.getInstance(sequence));
        }
        if (sequence.size() >= 3 && sequence.getObjectAt(1) instanceof ASN1Sequence) {
            return PrivateKeyInfo.getInstance(sequence);
        }
        var ec = org.bouncycastle.asn1.sec.ECPrivateKey.getInstance(sequence);
        return new PrivateKeyInfo(
                new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, ec.getParametersObject()), ec);
    }

    private static PrivateKeyInfo decrypt(PEMEncryptedKeyPair pair, @Nullable Passphrase passphrase)
            throws IOException, ConfigFault {
        char[] characters = characters(passphrase);
        try {
            return pair.decryptKeyPair(new JcePEMDecryptorProviderBuilder()
                            .setProvider(new BouncyCastleProvider())
                            .build(characters))
                    .getPrivateKeyInfo();
        } catch (PEMException e) {
            throw new ConfigFault("the secret does not decrypt it");
        } finally {
            Arrays.fill(characters, '\0');
        }
    }

    private static PrivateKeyInfo decrypt(PKCS8EncryptedPrivateKeyInfo info, @Nullable Passphrase passphrase)
            throws ConfigFault {
        char[] characters = characters(passphrase);
        try {
            InputDecryptorProvider provider = new JcePKCSPBEInputDecryptorProviderBuilder()
                    .setProvider(new BouncyCastleProvider())
                    .build(characters);
            return info.decryptPrivateKeyInfo(provider);
        } catch (PKCSException | RuntimeException e) {
            throw new ConfigFault("the secret does not decrypt it");
        } finally {
            Arrays.fill(characters, '\0');
        }
    }

    private static char[] characters(@Nullable Passphrase passphrase) throws ConfigFault {
        if (passphrase == null) {
            throw new ConfigFault("encrypted, and no secret names this file");
        }
        return passphrase.characters();
    }
}
