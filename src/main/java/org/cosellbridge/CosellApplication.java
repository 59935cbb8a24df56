package org.cosellbridge;

import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;

/** Switches JAX-RS on below {@code /cosell/api}; the resources are found in their rooms. */
@ApplicationPath("api")
public class CosellApplication extends Application {}
