package org.cosellbridge.mapping;

import jakarta.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPaths;

/**
 * Whose personal values a field holds: the first alternative of which every path has a value names the person.
 *
 * @param alternatives lists of paths, the best first
 */
record Subject(List<List<ReferralPath>> alternatives) {
    Subject {
        alternatives = List.copyOf(alternatives);
    }

    /** A text that names the person; the referral itself when it says nothing about who it is. */
    String of(JsonObject view) {
        for (List<ReferralPath> paths : alternatives) {
            List<String> values = paths.stream()
                    .map(path -> Values.findText(path.read(view))
                            .map(text -> Values.cleanText(text, false).strip().toLowerCase(Locale.ROOT))
                            .orElse(""))
                    .toList();
            if (values.stream().noneMatch(String::isEmpty)) {
                return String.join("|", values);
            }
        }
        return "referral|"
                + ReferralPaths.find("id").stream()
                        .map(path -> Values.findText(path.read(view)).orElse(""))
                        .collect(Collectors.joining());
    }
}
