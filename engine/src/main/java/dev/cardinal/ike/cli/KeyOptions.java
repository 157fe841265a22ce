package dev.cardinal.ike.cli;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pool.PinSource;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.ike.config.KeyFile;
import dev.cardinal.ike.config.ModuleFile;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The key that signs: on a token, or in a file. */
final class KeyOptions {
    @Option(
            names = "--module",
            paramLabel = "PATH",
            description = "The PKCS#11 module's file, or 'card' for the crypto card.")
    private @Nullable String module;

    @Option(names = "--init-args", paramLabel = "TEXT", description = "What C_Initialize is handed in pReserved.")
    private @Nullable String initArgs;

    @Option(names = "--token", paramLabel = "LABEL", description = "The token: its label, or a pkcs11: URI.")
    private @Nullable String token;

    @Option(names = "--key", paramLabel = "NAME", description = "The key on the token: its label, or its id in hex.")
    private @Nullable String key;

    @Option(names = "--key-file", paramLabel = "FILE", description = "A private key in a file instead, PEM or DER.")
    private @Nullable Path file;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private PinOptions pin;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    /** Opens it. The caller closes it. */
    CertificateKey open() {
        Path inFile = file;
        if (inFile != null) {
            if (module != null || token != null || key != null) {
                throw new ParameterException(command.commandLine(), "either --key-file or a key on a token");
            }
            try {
                return CertificateKey.inFile(KeyFile.read(inFile, null));
            } catch (IOException e) {
                throw new CommandFailure(command.qualifiedName() + ": " + inFile + ": " + e.getMessage());
            }
        }
        PinSource source = pin.source();
        if (module == null || token == null || key == null || source == null) {
            throw new ParameterException(
                    command.commandLine(),
                    "a key on a token needs --module, --token, --key and one of --pin-file and --pin-env;"
                            + " one in a file needs --key-file");
        }
        try {
            Path moduleFile = ModuleFile.of(module, Path.of("")).toAbsolutePath();
            return CertificateKey.onToken(moduleFile, initArgs, TokenSelector.of(token), source, key);
        } catch (HsmFailure | IllegalArgumentException | IOException e) {
            throw new CommandFailure(command.qualifiedName() + ": " + e.getMessage());
        }
    }
}
