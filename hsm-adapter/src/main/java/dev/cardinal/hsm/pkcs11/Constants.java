package dev.cardinal.hsm.pkcs11;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Reads the names of constants back from their classes, so that a number and its name stand in one place. */
final class Constants {
    private Constants() {}

    static Map<Long, String> namesOf(Class<?> constants) {
        String prefix = constants.getSimpleName().toUpperCase(Locale.ROOT) + "_";
        Map<Long, String> names = new LinkedHashMap<>();
        for (Field field : constants.getDeclaredFields()) {
            if (field.getType() == long.class && Modifier.isPublic(field.getModifiers())) {
                try {
                    names.put(field.getLong(null), prefix + field.getName());
                } catch (IllegalAccessException e) {
                    throw new AssertionError(e);
                }
            }
        }
        return Map.copyOf(names);
    }
}
