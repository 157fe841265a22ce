package dev.cardinal.hsm.pkcs11;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The layout of a C structure: fields in order, each aligned to its own alignment, the whole padded to the widest, as
 * the platform's ABI does it (no packing: PKCS#11 packs on Windows only).
 */
public final class StructLayout {

    private final String name;
    private final int size;
    private final Map<String, Integer> offsets;

    private StructLayout(String name, int size, Map<String, Integer> offsets) {
        this.name = name;
        this.size = size;
        this.offsets = offsets;
    }

    /** The structure's name in the standard. */
    public String name() {
        return name;
    }

    /** {@code sizeof}, in octets. */
    public int size() {
        return size;
    }

    /** {@code offsetof}, in octets. */
    public int offset(String field) {
        Integer offset = offsets.get(field);
        if (offset == null) {
            throw new IllegalArgumentException(name + " has no field " + field);
        }
        return offset;
    }

    /** The fields' names in order. */
    public List<String> fields() {
        return List.copyOf(offsets.keySet());
    }

    static Builder of(String name) {
        return new Builder(name);
    }

    static final class Builder {
        private final String name;
        private final Map<String, Integer> offsets = new LinkedHashMap<>();
        private final List<Integer> alignments = new ArrayList<>();
        private int end;

        private Builder(String name) {
            this.name = name;
        }

        Builder field(String field, int width) {
            return array(field, width, 1);
        }

        Builder array(String field, int width, int count) {
            end = align(end, width);
            offsets.put(field, end);
            alignments.add(width);
            end += width * count;
            return this;
        }

        /** {@code CK_VERSION}: two octets. */
        Builder version(String field) {
            return array(field, 1, 2);
        }

        StructLayout build() {
            int widest = alignments.stream().mapToInt(Integer::intValue).max().orElse(1);
            return new StructLayout(name, align(end, widest), new LinkedHashMap<>(offsets));
        }

        private static int align(int offset, int width) {
            return (offset + width - 1) / width * width;
        }
    }
}
