package dev.cardinal.hsm.pkcs11;

/**
 * {@code CK_INFO}: what a module says of itself.
 *
 * @param cryptokiVersion major and minor, as {@code 2.40}
 */
public record ModuleInfo(String cryptokiVersion, String manufacturer, String description, String libraryVersion) {}
