package dev.cardinal.ike.cli;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pool.PinSource;
import dev.cardinal.hsm.pool.TokenInventory;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.ike.config.ModuleFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code token}: what a PKCS#11 module offers, and keys on its tokens. */
@Command(
        name = "token",
        mixinStandardHelpOptions = true,
        description = "Looks at PKCS#11 tokens and makes keys on them.",
        subcommands = {TokenCommand.ListCommand.class, GenerateCommand.class})
final class TokenCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a subcommand is missing: list or generate");
    }

    /** {@code token list}. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = {
                "Lists a module's slots and tokens, the mechanisms that matter to IKE, and keys with their RFC 7512 URIs.",
                "Private keys are mostly hidden until a login: name the token and where its PIN is."
            })
    static final class ListCommand implements Callable<Integer> {
        @Option(
                names = "--module",
                required = true,
                paramLabel = "PATH",
                description = "The PKCS#11 module's file, or 'card' for the crypto card.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String module;

        @Option(
                names = "--init-args",
                paramLabel = "TEXT",
                description = "What C_Initialize is handed in pReserved, as NSS needs.")
        private @Nullable String initArgs;

        @Option(
                names = "--token",
                paramLabel = "LABEL",
                description = "The token to log in to: its label, or a pkcs11: URI.")
        private @Nullable String token;

        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private PinOptions pin;

        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public Integer call() {
            Path file;
            try {
                file = ModuleFile.of(module, Path.of(""));
            } catch (IOException e) {
                throw new CommandFailure("cardinal token list: " + e.getMessage());
            }
            PinSource source = pin.source();
            if ((token == null) != (source == null)) {
                throw new ParameterException(
                        spec.commandLine(), "a login needs both --token and one of --pin-file and --pin-env");
            }
            try {
                TokenInventory inventory = TokenInventory.read(
                        file.toAbsolutePath(), initArgs, token == null ? null : TokenSelector.of(token), source);
                PrintWriter out = spec.commandLine().getOut();
                print(out, inventory);
                out.flush();
                return CardinalCli.DONE;
            } catch (HsmFailure | IllegalArgumentException e) {
                throw new CommandFailure("cardinal token list: " + e.getMessage());
            }
        }

        private static void print(PrintWriter out, TokenInventory inventory) {
            out.printf(
                    "module: %s, %s, functions of PKCS#11 %s%n",
                    inventory.module().description(),
                    inventory.module().manufacturer(),
                    inventory.functionListVersion());
            for (TokenInventory.Slot slot : inventory.slots()) {
                out.printf("slot %d: %s%n", slot.id(), slot.info().description());
                TokenInventory.Token token = slot.token();
                if (token == null) {
                    out.println("  no token");
                    continue;
                }
                out.printf(
                        "  token:      %s%n",
                        token.info().initialized() ? token.info().label() : "(not initialised)");
                out.printf("  uri:        %s%n", token.uri());
                out.printf(
                        "  model:      %s, %s%n",
                        token.info().model(), token.info().manufacturer());
                String mechanisms = String.join(
                        " ",
                        token.mechanisms().stream()
                                .map(TokenInventory.MechanismReport::name)
                                .toList());
                out.printf("  mechanisms: %s%n", mechanisms.isEmpty() ? "none that matters to IKE" : mechanisms);
                for (TokenInventory.KeyReport key : token.keys()) {
                    out.printf(
                            "  %-7s %s%s%n", key.kind(), key.keyType().isEmpty() ? "" : key.keyType() + " ", key.uri());
                }
                if (!token.loggedIn() && token.info().loginRequired()) {
                    out.println("  (not logged in: private objects are not shown)");
                }
            }
            if (inventory.slots().isEmpty()) {
                out.println("no slots");
            }
        }
    }
}
