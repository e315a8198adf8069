
export{_ as component}from"../chunks/DzxdRd5g.js";