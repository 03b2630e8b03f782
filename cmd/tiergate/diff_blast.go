package main

import (
	"context"
	"errors"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/diff"
	"github.com/tiergate/tiergate/rules/review"
)

// blast counts over the catalogs what each version's identities reach. Rules that
// the server would not load with its configuration, such as those of a time when it
// had another, are no reason to say nothing of the rest.
func blast(ctx context.Context, p *parts, versions [2]*rulesVersion) (*diff.Blast, error) {
	var counted [2]*review.Report
	for i, v := range versions {
		loaded, err := v.load(p)
		if _, faulty := errors.AsType[rules.Mistakes](err); faulty {
			return diff.NotCounted(v.name + " does not load with the configuration in use"), nil
		}
		if err == nil {
			counted[i], err = review.Run(ctx, p.reviewed(loaded))
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			return diff.NotCounted(err.Error()), nil
		}
	}
	return diff.BlastOf(counted[0], counted[1]), nil
}

// load loads the version with the server's catalogs.
func (v *rulesVersion) load(p *parts) (*policy.Policy, error) {
	dirs, err := policy.OpenDirs(v.dirs)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dirs.Close() }()
	loaded, _, err := p.loadFS(dirs)
	return loaded, err
}
