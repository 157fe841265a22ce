package dev.cardinal.ike.cli;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pool.EcCurve;
import dev.cardinal.hsm.pool.KeyGeneration;
import dev.cardinal.hsm.pool.PinSource;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.ike.config.ModuleFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code token generate}. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a key pair on a token and writes its public key, a SubjectPublicKeyInfo in PEM as pubkeys takes it.",
            "The private key is born there, is not extractable, and does the one thing that --use says."
        })
final class GenerateCommand implements Callable<Integer> {
    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 8192;

    /** Kinds of keys. */
    enum Kind {
        RSA,
        P256,
        P384,
        P521,
        ED25519
    }

    /** What the token lets the key do. */
    enum Use {
        SIGN,
        DECRYPT
    }

    @Option(
            names = "--module",
            required = true,
            paramLabel = "PATH",
            description = "The PKCS#11 module's file, or 'card' for the crypto card.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String module;

    @Option(names = "--init-args", paramLabel = "TEXT", description = "What C_Initialize is handed in pReserved.")
    private @Nullable String initArgs;

    @Option(
            names = "--token",
            required = true,
            paramLabel = "LABEL",
            description = "The token: its label, or a pkcs11: URI.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String token;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private PinOptions pin;

    @Option(names = "--label", required = true, paramLabel = "NAME", description = "CKA_LABEL of both keys.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String label;

    @Option(names = "--id", required = true, paramLabel = "HEX", description = "CKA_ID of both keys.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String id;

    @Option(
            names = "--kind",
            defaultValue = "rsa",
            paramLabel = "KIND",
            description = "rsa, p256, p384, p521 or ed25519 (${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Kind kind;

    @Option(
            names = "--bits",
            defaultValue = "3072",
            paramLabel = "N",
            description = "Bits of an RSA key (${DEFAULT-VALUE}).")
    private int bits;

    @Option(
            names = "--use",
            defaultValue = "sign",
            paramLabel = "USE",
            description = {
                "sign, or decrypt for the IKEv1 methods rsa-encr and rsa-encr-revised, whose key never signs",
                "(${DEFAULT-VALUE})."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Use use;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private OutputOption output;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        PinSource source = pin.source();
        byte[] identifier;
        try {
            identifier = HexFormat.of().parseHex(id);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--id '" + id + "': hexadecimal digits were expected");
        }
        if (source == null) {
            throw new ParameterException(spec.commandLine(), "one of --pin-file and --pin-env is missing");
        }
        if (identifier.length == 0) {
            throw new ParameterException(spec.commandLine(), "--id must not be empty");
        }
        if (use == Use.DECRYPT && kind != Kind.RSA) {
            throw new ParameterException(
                    spec.commandLine(),
                    "only RSA keys decrypt, not " + kind.name().toLowerCase(Locale.ROOT));
        }
        if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
            throw new ParameterException(
                    spec.commandLine(), "--bits must be " + MIN_RSA_BITS + " to " + MAX_RSA_BITS + ", not " + bits);
        }
        try {
            Path file = ModuleFile.of(module, Path.of("")).toAbsolutePath();
            try (KeyGeneration generation = KeyGeneration.open(file, initArgs, TokenSelector.of(token), source)) {
                output.write(SubjectPublicKeyInfo.getInstance(generated(generation, identifier)));
            }
            return CardinalCli.DONE;
        } catch (HsmFailure | IllegalArgumentException | IOException e) {
            throw new CommandFailure("cardinal token generate: " + e.getMessage());
        }
    }

    private byte[] generated(KeyGeneration generation, byte[] identifier) throws HsmFailure {
        return switch (kind) {
            case RSA ->
                use == Use.DECRYPT
                        ? generation.generateRsaDecryptionKeyPair(label, identifier, bits)
                        : generation.generateRsaSigningKeyPair(label, identifier, bits);
            case P256 -> generation.generateEcKeyPair(label, identifier, EcCurve.P256);
            case P384 -> generation.generateEcKeyPair(label, identifier, EcCurve.P384);
            case P521 -> generation.generateEcKeyPair(label, identifier, EcCurve.P521);
            case ED25519 -> generation.generateEd25519KeyPair(label, identifier);
        };
    }
}
