package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/terrane/terrane/internal/remedy"
)

const (
	configFile = "terrane.yaml" // taken from the working folder if --config names no other
	envPrefix  = "TERRANE_"
)

// configure fills the flags that the command line left alone from TERRANE_* variables, then from the configuration file.
func configure(c *cobra.Command, a *app) error {
	k := koanf.New("/") // keys are flag names: no nesting, and no name holds a slash
	path, err := configPath(a.config)
	if err != nil {
		return err
	}
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return usageError(c, remedy.New(path, err, "check that it is YAML: one \"flag-name: value\" a line"))
		}
		if err := checkKeys(c, path, k.Keys()); err != nil {
			return err
		}
	}
	if err := k.Load(env.Provider(envPrefix, "/", flagOfVariable), nil); err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	return fill(c, k)
}

// configPath returns the file to read: that of --config, of TERRANE_CONFIG, terrane.yaml if it exists, or none.
func configPath(flag string) (string, error) {
	for _, path := range []string{flag, os.Getenv(envPrefix + "CONFIG")} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return "", remedy.New(path, fmt.Errorf("%w: cannot be read", errUsage), "--config FILE names a YAML file")
		}
		return path, nil
	}
	if _, err := os.Stat(configFile); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return configFile, nil
}

// flagOfVariable turns TERRANE_BASE_URL into base-url.
func flagOfVariable(variable string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, envPrefix)), "_", "-")
}

// checkKeys refuses a configuration file with keys that are no flag of any command: a typing error there would pass unseen.
func checkKeys(c *cobra.Command, path string, keys []string) error {
	known := flagNames(c.Root())
	for _, key := range keys {
		if !slices.Contains(known, key) {
			return usageError(c, remedy.New(path, fmt.Errorf("unknown key %q", key), "keys are flag names without the dashes in front, see terrane --help"))
		}
	}
	return nil
}

// flagNames lists the flags of a command and of all below it.
func flagNames(c *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	c.PersistentFlags().VisitAll(add)
	c.Flags().VisitAll(add)
	for _, sub := range c.Commands() {
		names = append(names, flagNames(sub)...)
	}
	return names
}

// fill sets the flags of c that the command line left alone and that k knows.
func fill(c *cobra.Command, k *koanf.Koanf) error {
	var wrong error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || wrong != nil || f.Name == "config" || f.Name == "version" || f.Name == "help" || !k.Exists(f.Name) {
			return
		}
		value := k.String(f.Name)
		if list := k.Strings(f.Name); len(list) > 0 {
			value = strings.Join(list, ",")
		}
		if err := c.Flags().Set(f.Name, value); err != nil {
			wrong = usageError(c, remedy.New(f.Name, err, "it was set by "+envPrefix+"* or the configuration file"))
		}
	})
	return wrong
}
