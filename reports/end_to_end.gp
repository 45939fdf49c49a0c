# $data: time; sender to subscriber in ms: p50, p99, p99.9, and of each the values that stand alone
@latency_tics
set logscale y
set yrange [y_low:y_high]
set ylabel 'end to end' textcolor rgb '#000000'
@time_name
plot $data using 1:2 with lines linetype 6 title 'p50', \
    '' using 1:3 with lines linetype 1 title 'p99', \
    '' using 1:4 with lines linetype 2 dashtype 2 title 'p99.9', \
    for [k = 0:2] '' using 1:(column(5 + k)) with points pointtype 7 pointsize 0.3 linecolor rgb word('#56b4e9 #0072b2 #d55e00', k + 1)
