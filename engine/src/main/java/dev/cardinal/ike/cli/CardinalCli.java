package dev.cardinal.ike.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * The command line. Exit codes: 0 done, 1 it could not be done, 2 wrong usage. Answers go to stdout, everything else to
 * stderr.
 */
@Command(
        name = "cardinal",
        description = "An IKE gateway whose keys live on PKCS#11 tokens.",
        mixinStandardHelpOptions = true,
        versionProvider = CardinalCli.Version.class,
        subcommands = {
            GatewayCommand.class,
            CheckCommand.class,
            InitiateCommand.class,
            TokenCommand.class,
            PkiCommand.class,
            DemoCommand.class
        })
public final class CardinalCli implements Runnable {
    /** Everything was done. */
    static final int DONE = 0;

    /** It could not be done. */
    static final int FAILED = 1;

    /** Wrong usage. */
    static final int USAGE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** The version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = CardinalCli.class.getPackage().getImplementationVersion();
            return new String[] {"cardinal " + (version == null ? "(built from sources)" : version)};
        }
    }

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The command line, ready to execute; streams may still be replaced. */
    public static CommandLine commandLine() {
        CommandLine line = new CommandLine(new CardinalCli()).setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((e, arguments) -> {
            CommandLine at = e.getCommandLine();
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong usage");
            print(at.getErr(), at.getCommandSpec().qualifiedName() + ": " + message + " (--help tells more)");
            return USAGE;
        });
        line.setExecutionExceptionHandler((e, at, result) -> {
            String name = at.getCommandSpec().qualifiedName() + ": ";
            if (e instanceof CommandFailure failure) {
                failure.lines().forEach(text -> print(at.getErr(), text));
            } else {
                print(at.getErr(), name + "internal error: " + e);
            }
            return FAILED;
        });
        return line;
    }

    private static void print(PrintWriter out, String text) {
        out.println(text);
        out.flush();
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "a subcommand is missing");
    }
}
