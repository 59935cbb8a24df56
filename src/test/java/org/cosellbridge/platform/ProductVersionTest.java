package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProductVersionTest {
    @Test
    void isTheVersionOfTheBuild() {
        assertThat(new ProductVersion().text()).matches("\\d+\\.\\d+\\.\\d+(-.+)?");
    }
}
