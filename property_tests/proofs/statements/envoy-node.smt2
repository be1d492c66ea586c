; Envoy before Node. Envoy's idle timer runs from the first SYN on, so the connection has to open
; before it rings. Node adds a second of grace, and its timers run before it reads.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: envoy }
;|   - { name: s, profile: node }

(define-fun race () Bool
  (exists ((syn Real) (syn_there Real) (syn_ack Real) (early_quit Real)
           (written Real) (arrived Real) (read Real) (closed Real) (fin Real) (quit Real)
           (asked Real) (reached Real))
    (and (travels syn syn_there)
         (travels syn_there syn_ack)
         (rings_cached syn |c.upstream.idle_timeout| |c.upstream.loop_stall| early_quit)
         (<= syn_ack early_quit)
         (<= syn_ack written)
         (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings_cached written (+ |s.downstream.idle_timeout| 1000000.0)
                       |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (rings_cached read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)
         (travels asked reached)
         (<= closed (+ reached |s.downstream.loop_stall|)))))
