package postgres

import (
	"context"
	"github.com/tiergate/tiergate/resolver/catalog"
)

func (s *Source) Watch(ctx context.Context, to catalog.Changes) error { return nil }
