package dev.cardinal.bench.load;

import picocli.CommandLine;

/** {@link Suite#of} for the command line. */
public final class SuiteConverter implements CommandLine.ITypeConverter<Suite> {
    @Override
    public Suite convert(String value) {
        try {
            return Suite.of(value);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.TypeConversionException(e.getMessage());
        }
    }
}
