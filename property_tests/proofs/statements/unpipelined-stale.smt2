; The FIN is in the kernel of a client that has not looked yet, and that does not pipeline.
;
;| race: stale-in-kernel
;| chain:
;|   - { name: c, profile: rfc9112, upstream: { pipelining: false } }
;|   - { name: s, profile: rfc9112 }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real) (closed Real) (fin Real) (seen Real)
           (quit Real) (asked Real))
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings written |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (noticed fin seen |c.upstream.loop_stall|)
         (rings read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= fin asked seen))))
